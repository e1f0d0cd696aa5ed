import { FakeClock, startPostgres } from 'express-db-resilience/testing';

console.log(new FakeClock(7).now());
await startPostgres().catch((error) => console.log(error.message));
