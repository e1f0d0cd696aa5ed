/** Made for the run, and dropped after it. */
export const schema = 'express_db_resilience_bench';
