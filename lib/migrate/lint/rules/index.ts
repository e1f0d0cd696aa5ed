import type { Rule } from '../rule.js';
import { addedColumnRules } from './added-columns.js';
import { columnTypeRules } from './column-types.js';
import { constraintRules } from './constraints.js';
import { dataRules } from './data.js';
import { dropRules } from './drops.js';
import { indexRules } from './indexes.js';
import { keyRules } from './keys.js';
import { lockRules } from './locks.js';
import { partitionRules } from './partitions.js';
import { renameRules } from './renames.js';
import { rewriteRules } from './rewrites.js';

export const rules: readonly Rule[] = [
  ...indexRules,
  ...addedColumnRules,
  ...columnTypeRules,
  ...constraintRules,
  ...keyRules,
  ...renameRules,
  ...dropRules,
  ...dataRules,
  ...rewriteRules,
  ...partitionRules,
  ...lockRules,
];
