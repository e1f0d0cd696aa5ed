export * from 'express-db-resilience';
export * from 'express-db-resilience/testing';
