import { makeBare } from './bare.js';
import { makeNaive } from './naive.js';
import { makeOurs } from './ours.js';
import type { Subject } from './subject.js';

/** What is compared, and what each is. */
export const subjects = {
  ours: 'pool.transaction() of a ResilientPool',
  bare: 'BEGIN and COMMIT by hand on a pg.Pool; every error is taken for a failure',
  naive: 'the same, but a COMMIT without an answer is looked up by pg_xact_status alone',
} as const;

export type SubjectName = keyof typeof subjects;

export const subjectNames = Object.keys(subjects) as SubjectName[];

export const makeSubject: Readonly<Record<SubjectName, (connectionString: string) => Subject>> = {
  ours: makeOurs,
  bare: makeBare,
  naive: makeNaive,
};
