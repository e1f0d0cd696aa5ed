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
  readonly candidate: CandidateName;
  readonly workload: WorkloadName;
  readonly callers: number;
  readonly ms: number;
  readonly leadMs: number;
}

export type Request =
  | { readonly open: { readonly candidate: CandidateName; readonly mode: Mode; readonly connectionString: string } }
  | { readonly slice: SliceRequest }
  | { readonly scope: CandidateName };

const opened = new Map<CandidateName, { readonly candidate: Candidate; readonly scope: Scope }>();

function find(name: CandidateName): { readonly candidate: Candidate; readonly scope: Scope } {
  const found = opened.get(name);
  if (found === undefined) throw new Error('Not opened yet');
  return found;
}

async function answer(request: Request): Promise<Slice | Cost | null> {
  if ('open' in request) {
    const { open } = request;
    const candidate = candidateOf[open.candidate](open.connectionString);
    opened.set(open.candidate, { candidate, scope: scopeOf(open.candidate, open.mode) });
    return null;
  }
  if ('scope' in request) return measureScope(find(request.scope).scope);
  const { candidate: name, workload, ...plan } = request.slice;
  const { candidate, scope } = find(name);
  return runSlice(scope, { ...plan, workload: workloadOf(workload, candidate) });
}

serve(answer);
