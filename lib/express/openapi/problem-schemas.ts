import { list, object, oneOf, text } from './schema.js';
import type { Schema } from './schema.js';

export const problemSchemas: Readonly<Record<string, Schema>> = {
  Problem: object(
    'RFC 9457. Its texts are fixed, but for what a wrong parameter was',
    {
      type: { type: 'string', format: 'uri', description: 'A name, not an address' },
      title: text('What is wrong, in short'),
      status: { type: 'integer', minimum: 400, maximum: 599, description: 'That of the answer' },
      detail: text('What is wrong, and what to do about it'),
      code: oneOf(
        'The same as type, for programs',
        'BAD_PARAMETER',
        'INTERNAL',
        'MONITORING_OFF',
        'SERVER_REPORT_UNAVAILABLE',
        'SQL_HIDDEN',
      ),
      instance: text('The id of the request, where it has one'),
      errors: list(
        'The parameters that are wrong: the first ten of them',
        object('One of them', {
          parameter: text('Its name'),
          received: text('What it was, cut short'),
          accepted: text('What it may be'),
        }),
      ),
    },
    ['instance', 'errors'],
  ),
};
