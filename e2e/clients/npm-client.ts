import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The registry that a client uses. */
export interface NpmRegistry {
  /** Ends in a slash. */
  readonly url: string;
  /** What the client shows; nothing where it is not said. */
  readonly token?: string;
}

/** Where a client runs: with a home, a configuration and a cache of its own. */
export interface NpmStage extends NpmRegistry {
  /** An empty directory. */
  readonly directory: string;
}

/** Somebody who logs in at a terminal. */
export interface Person {
  readonly username: string;
  readonly password: string;
  /** Lets the program in that shows an address to be opened in a browser. */
  readonly approve: (url: string) => Promise<void>;
}

/**
 * What clients of npm registries do, in the same words for all. `folder` is that of a package, or of a project that
 * depends on some; a `spec` is `name` or `name@version`. A call that fails tells all that the client printed.
 */
export interface NpmClient {
  publish(folder: string, tag?: string): Promise<void>;
  /** Installs what package.json asks for and writes a lock file. */
  install(folder: string): Promise<void>;
  /** Installs, into an empty node_modules, what the lock file says and nothing else. */
  ci(folder: string): Promise<void>;
  /** Adds a dependency and installs it. */
  add(folder: string, spec: string): Promise<void>;
  /** One field of a version's package.json, or of the package: `dist-tags`, `versions`. */
  view(spec: string, field: string): Promise<unknown>;
  /** Makes the archive that `publish` would send; answers its path. */
  pack(folder: string): Promise<string>;
  /** Each keeps the token that it is given. */
  readonly logIn?: {
    withPassword?(person: Person): Promise<unknown>;
    inBrowser?(person: Person): Promise<unknown>;
  };
  whoami?(): Promise<string>;
  ping?(): Promise<void>;
  /** Names of what was found. */
  search?(text: string): Promise<readonly string[]>;
  /** Asks about known faults of what is installed, of which there are none. */
  audit?(folder: string): Promise<void>;
  readonly tags?: {
    add(name: string, version: string, tag: string): Promise<void>;
    remove(name: string, tag: string): Promise<void>;
  };
  deprecate?(spec: string, message: string): Promise<void>;
  /** One version, or the package with all it has. */
  unpublish?(spec: string): Promise<void>;
}

export interface NpmClientKind {
  readonly name: string;
  /** Programs that must be on the machine. */
  readonly programs: readonly string[];
  /** What people see who publish a version that is there. */
  readonly refusesAgain: RegExp;
  open(stage: NpmStage): Promise<NpmClient>;
}

/** The one file that `make` leaves in a directory of its own. */
export async function packedInto(
  { directory }: NpmStage,
  make: (into: string) => Promise<unknown>,
): Promise<string> {
  const into = join(directory, `packed-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(into);
  await make(into);
  const [archive = ''] = await Array.fromAsync(new Bun.Glob('*.tgz').scan(into));
  return join(into, archive);
}

/** The address of the page that lets programs in. */
export const DEVICE_PAGE = /(http:\/\/\S+\/device\?\S+)/;
