import { candidateOf } from './candidates.js';
import type { Candidate } from './candidates.js';
import type { Cost } from './cost.js';
import type { CandidateName, Mode, WorkloadName } from './names.js';
import { measureScope } from './scope-cost.js';
import { scopeOf } from './scopes.js';
import type { Scope } from './scopes.js';
import { runSlice } from './slice.js';
import type { Slice } from './slice.js';
import { serve } from './worker.js';
import { workloadOf } from './workloads.js';

export interface SliceRequest {
  readonly workload: WorkloadName;
  readonly callers: number;
  readonly ms: number;
  readonly leadMs: number;
}

export type Request =
  | { readonly open: { readonly candidate: CandidateName; readonly mode: Mode; readonly connectionString: string } }
  | { readonly slice: SliceRequest }
  | { readonly scope: true };

let candidate: Candidate | undefined;
let scope: Scope | undefined;

async function answer(request: Request): Promise<Slice | Cost | null> {
  if ('open' in request) {
    const { open } = request;
    candidate = candidateOf[open.candidate](open.connectionString);
    scope = scopeOf(open.candidate, open.mode);
    return null;
  }
  if (candidate === undefined || scope === undefined) throw new Error('Not opened yet');
  if ('scope' in request) return measureScope(scope);
  const { workload, ...plan } = request.slice;
  return runSlice(scope, { ...plan, workload: workloadOf(workload, candidate) });
}

serve(answer);
