import type { IncomingMessage, ServerResponse } from 'node:http';

/** Express's `next`. */
export type Next = (error?: unknown) => void;

/** A request handler of Express 4, Express 5 or connect: what is used of their requests, Node's own have. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** An error handler of theirs. */
export type ErrorHandler = (error: unknown, req: IncomingMessage, res: ServerResponse, next: Next) => void;
