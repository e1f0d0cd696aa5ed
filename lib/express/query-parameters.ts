import { show } from '../core/options.js';
import type { QueryOrder } from '../monitor/reports.js';
import type { ParameterError } from './route-problem.js';

export interface QueryParameters {
  readonly limit: number;
  readonly sort: QueryOrder;
}

/** In the order in which they are told. */
export const queryOrders: readonly QueryOrder[] = ['total', 'mean', 'calls', 'max', 'errors'];
export const MOST_QUERIES = 1000;
export const defaultParameters: QueryParameters = { limit: 10, sort: 'total' };

const MOST_ERRORS = 10;

/** @returns the parameters of `/metrics/queries`, or what is wrong with them: of the first ten that are */
export function queryParameters(url: string): QueryParameters | ParameterError[] {
  const given = new URLSearchParams(url.split('?').slice(1).join('?'));
  const errors: ParameterError[] = [];
  for (const name of new Set(given.keys())) {
    const error = errorOf(name, given.getAll(name));
    if (error !== undefined && errors.push(error) === MOST_ERRORS) break;
  }
  if (errors.length > 0) return errors;
  const { limit, sort } = defaultParameters;
  return { limit: Number(given.get('limit') ?? limit), sort: (given.get('sort') ?? sort) as QueryOrder };
}

interface Parameter {
  readonly accepted: string;
  readonly accepts: (value: string) => boolean;
}

const parameters: Readonly<Record<keyof QueryParameters, Parameter>> = {
  limit: {
    accepted: `one whole number from 1 to ${String(MOST_QUERIES)}`,
    accepts: (value) => /^[1-9]\d{0,3}$/.test(value) && Number(value) <= MOST_QUERIES,
  },
  sort: {
    accepted: `one of ${queryOrders.join(', ')}`,
    accepts: (value) => queryOrders.some((order) => order === value),
  },
};

function errorOf(name: string, values: string[]): ParameterError | undefined {
  const [first = ''] = values;
  if (!isKnown(name)) {
    // Without the quotes that go with a value.
    const parameter = show(name).replace(/^"|"$/g, '');
    return { parameter, received: show(first), accepted: 'only the parameters limit and sort' };
  }
  const { accepted, accepts } = parameters[name];
  if (values.length > 1) return { parameter: name, received: `${String(values.length)} values`, accepted };
  return accepts(first) ? undefined : { parameter: name, received: show(first), accepted };
}

function isKnown(name: string): name is keyof QueryParameters {
  return Object.hasOwn(parameters, name);
}
