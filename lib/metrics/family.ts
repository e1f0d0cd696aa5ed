import type { DatabaseMetrics } from './database-metrics.js';
import { bucketBounds } from './histogram.js';
import type { Histogram } from './histogram.js';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
  /** Besides `database`. */
  readonly labels: Labels;
  readonly value: number;
}

/** A metric with all its series, in no library's form. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What several processes of one application come to, where prom-client adds them up. */
  readonly aggregator: 'sum' | 'max' | 'min' | 'average';
  readonly read: (database: DatabaseMetrics) => readonly Sample[];
}

type Count = (database: DatabaseMetrics) => number | undefined;

/** @param value undefined where it is not known: the series is not there then */
export function gauge(name: string, help: string, value: Count, aggregator: Family['aggregator'] = 'sum'): Family {
  return { name, help, type: 'gauge', aggregator, read: (database) => one(value(database)) };
}

export function gauges(
  name: string,
  help: string,
  label: string,
  values: (database: DatabaseMetrics) => Readonly<Record<string, number>>,
): Family {
  return { name, help, type: 'gauge', aggregator: 'sum', read: (db) => labelled(label, Object.entries(values(db))) };
}

export function counter(name: string, help: string, value: Count): Family {
  return { name, help, type: 'counter', aggregator: 'sum', read: (database) => one(value(database)) };
}

export function counters(
  name: string,
  help: string,
  label: string,
  values: (database: DatabaseMetrics) => Iterable<readonly [string, number]>,
): Family {
  return { name, help, type: 'counter', aggregator: 'sum', read: (db) => labelled(label, values(db)) };
}

export function histograms(
  name: string,
  help: string,
  values: (database: DatabaseMetrics) => readonly (readonly [Labels, Histogram])[],
): Family {
  const read = (database: DatabaseMetrics) =>
    values(database).flatMap(([labels, histogram]) => samplesOf(labels, histogram));
  return { name, help, type: 'histogram', aggregator: 'sum', read };
}

function one(value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

function labelled(label: string, values: Iterable<readonly [string, number]>): Sample[] {
  return Array.from(values, ([name, value]) => ({ labels: { [label]: name }, value }));
}

function samplesOf(labels: Labels, histogram: Histogram): Sample[] {
  const counts = histogram.cumulative();
  const count = counts.at(-1) ?? 0;
  return [
    ...counts.map((value, index) => ({
      suffix: '_bucket',
      labels: { ...labels, le: String(bucketBounds[index] ?? '+Inf') },
      value,
    })),
    { suffix: '_sum', labels, value: histogram.sum },
    { suffix: '_count', labels, value: count },
  ];
}
