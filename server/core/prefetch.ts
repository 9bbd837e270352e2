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
  /** Whether it is given up, since the server stopped before it was done as often as it was begun. */
  readonly interrupted: boolean;
}

export interface PrefetchStart {
  /** As users write them: `library/nginx:1.27`, `left-pad@1.3.0`. */
  readonly artifacts: readonly string[];
  readonly act: Act;
  readonly draft: OperationDraft<PrefetchReport>;
}

/** What a process that is no more, or stops, left to others. */
export interface LeftPrefetch {
  readonly address: RepositoryAddress;
  readonly artifacts: readonly string[];
  readonly id: string;
  readonly account: string;
  /** How often it was begun, this time included. */
  readonly begun: number;
}

export interface Prefetches {
  /** Begins and answers the operation, which goes on by itself. */
  start(address: RepositoryAddress, start: PrefetchStart): Promise<Document>;
}

/** Which one it is, and which time it was begun by whoever has it. */
export type HeldPrefetch = Pick<LeftPrefetch, 'id' | 'begun'>;

/**
 * Operations that go on. Whoever has one and says something of it is answered whether they still have it: where they were silent until
 * another took it up, nothing is changed.
 */
export interface PrefetchStore {
  begin(address: RepositoryAddress, start: PrefetchStart, report: PrefetchReport): Promise<Document>;
  /** With a report that says done, nobody takes it up any more. */
  note(
    draft: OperationDraft<PrefetchReport>,
    report: PrefetchReport,
    held: Pick<HeldPrefetch, 'begun'>,
  ): Promise<boolean>;
  /** Who began or took up one has it for as long as it says so from time to time. */
  renew(held: HeldPrefetch): Promise<boolean>;
  /** Leaves it to whoever takes it up, as if it had not been begun. */
  release(held: HeldPrefetch): Promise<boolean>;
  takeUp(): Promise<LeftPrefetch | undefined>;
}
