import type { Act } from './audit.ts';
import type { RepositoryAddress } from './repository.ts';
import type { Document, OperationDraft } from './resources.ts';

/** How far it is with copying things before anybody asks for them. */
export interface PrefetchReport {
  readonly done: boolean;
  readonly total: number;
  readonly fetched: number;
  /** All of them was here. */
  readonly present: number;
  readonly failed: number;
  /** The first of those, with reasons. */
  readonly failures: readonly { readonly artifact: string; readonly message: string }[];
  /** Whether the server stopped before it was done. */
  readonly interrupted: boolean;
}

export interface PrefetchStart {
  /** As users write them: `library/nginx:1.27`, `left-pad@1.3.0`. */
  readonly artifacts: readonly string[];
  readonly act: Act;
  readonly draft: OperationDraft<PrefetchReport>;
}

export interface Prefetches {
  /** Begins and answers the operation, which goes on by itself. */
  start(address: RepositoryAddress, start: PrefetchStart): Promise<Document>;
}

/** Operations that go on. */
export interface PrefetchStore {
  begin(address: RepositoryAddress, start: PrefetchStart, report: PrefetchReport): Promise<Document>;
  note(draft: OperationDraft<PrefetchReport>, report: PrefetchReport): Promise<void>;
}
