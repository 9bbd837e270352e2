import type { ImageSubject, Subject } from '../fixtures/image.ts';
import type { Digest } from '../harness/oci.ts';
import type { Image } from '../harness/registry.ts';

/** Where a client runs: its own home, nothing shared with the machine or with another client. */
export interface Stage {
  readonly host: string;
  /** An empty directory for the client's home, configuration and storage. */
  readonly directory: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * How much of a subject a client sends as it is: `everything`, so that the root digest survives; or the `payload`,
 * when it compresses layers anew or exchanges them for others that unpack to the same, and writes manifests to suit.
 */
export type Kept = 'everything' | 'payload';

export interface Pushed {
  /** The digest that the client says it pushed. */
  readonly digest: Digest;
  readonly kept: Kept;
}

/** What a pull left on disk: an OCI image layout, or an unpacked file system as a container would see it. */
export type Pulled =
  | {
      readonly kind: 'layout';
      readonly path: string;
      /** Whether an index was kept with all it lists, or replaced by its image for linux/amd64. */
      readonly scope: 'everything' | 'platform';
    }
  | {
      readonly kind: 'unpacked';
      readonly path: string;
      readonly digest: Digest;
      readonly configDigest: Digest;
    };

export interface Client {
  login(credentials: Credentials): Promise<void>;
  pushImage(subject: ImageSubject, to: Image, tag: string): Promise<Pushed>;
  pushIndex(subject: Subject, to: Image, tag: string): Promise<Pushed>;
  /** Of an index, everything or the image for linux/amd64, as the answer says. */
  pull(from: Image, tag: string): Promise<Pulled>;
  /** Digest of the config that the client chooses from an index for a platform. */
  configFor(from: Image, tag: string, architecture: string): Promise<Digest>;
  tags?(image: Image): Promise<readonly string[]>;
  remove?(image: Image, tag: string): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  /** Programs that must be on the machine. */
  readonly programs: readonly string[];
  /** Why this client cannot do an index inside an index. Absent when it can. */
  readonly noNestedIndex?: string;
  /** Sends what it was logged in with only where a request without is refused, so never to a public repository. */
  readonly showsNothingUnasked?: true;
  open(stage: Stage): Promise<Client>;
}
