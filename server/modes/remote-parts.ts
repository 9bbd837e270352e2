import type { BlobInfo, Body, ByteRange } from '../core/blob.ts';
import type { HostedRepo } from '../core/catalog.ts';
import type { CopyStore } from '../core/copies.ts';
import type { CopiedDocuments } from '../core/documents.ts';
import type { Downloads } from '../core/downloads.ts';
import type { FormatUpstream } from '../core/format.ts';
import type { NotePull } from '../core/pulls.ts';
import type { RemoteSettings } from '../core/remote-settings.ts';
import type { SafetyPolicy } from '../core/safety-policy.ts';
import type { Upstream } from '../core/upstream.ts';
import type { Company } from './company.ts';
import type { RemoteMemory } from './remote-memory.ts';

/** What a copy of another server's repository is made of. */
export interface RemoteParts {
  readonly name: string;
  readonly repositoryId: number;
  readonly settings: RemoteSettings;
  readonly format: FormatUpstream;
  readonly upstream: Upstream;
  readonly downloads: Downloads;
  /** Where copies are kept, written on nobody's behalf. */
  readonly stored: HostedRepo;
  readonly bodies: { open(blob: BlobInfo, range?: ByteRange): Body | Promise<Body> };
  readonly documents: CopiedDocuments;
  /** What else is kept behind answers. */
  readonly company: Company;
  /** Whether short files are kept behind answers, too: not where other processes would fetch them meanwhile. */
  readonly keepsLater: boolean;
  readonly copies: CopyStore;
  readonly policy: SafetyPolicy;
  readonly memory: RemoteMemory;
  readonly pulled: NotePull;
  readonly now: () => number;
  /** Milliseconds for which the upstream's answer is waited for by who could have a copy. */
  readonly patienceMs: number;
  /** Told of an upstream's failure that nobody waited for. */
  readonly unnoticed: (cause: unknown) => void;
}
