import { healthPaths } from './openapi/health-paths.js';
import { healthSchemas } from './openapi/health-schemas.js';
import { metricsPaths } from './openapi/metrics-paths.js';
import { metricsSchemas } from './openapi/metrics-schemas.js';
import { common } from './openapi/operation.js';
import type { Paths } from './openapi/operation.js';
import { problemSchemas } from './openapi/problem-schemas.js';
import type { Schema } from './openapi/schema.js';
import { serverSchemas } from './openapi/server-schemas.js';

/** The parts of OpenAPI 3.1 that are used. */
export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Paths;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** The description of the routes that are mounted. */
export function openApi({ health, metrics }: { readonly health: boolean; readonly metrics: boolean }): OpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'express-db-resilience: health and metrics',
      // Of this interface, not of the package.
      version: '1.0.0',
      description:
        'Times are milliseconds where a name ends in _ms. No answer is to be cached. HEAD is answered like GET.',
    },
    // Relative to this document, since only the application knows where the routes are mounted.
    servers: [{ url: '.' }],
    paths: { ...(health && healthPaths), ...(metrics && metricsPaths), ...ownPath },
    components: { schemas: { ...healthSchemas, ...metricsSchemas, ...serverSchemas, ...problemSchemas } },
  };
}

const ownPath: Paths = {
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      summary: 'This document',
      responses: {
        200: {
          description: 'OpenAPI 3.1',
          content: { 'application/json': { schema: { type: 'object' }, example: { openapi: '3.1.0' } } },
        },
        ...common,
      },
    },
  },
};
