import type { FileRef } from '../core/catalog.ts';
import { notFound, RegistryError } from '../core/error.ts';
import { defineIndex, type IndexKey, type IndexKind, type IndexPart } from '../core/index-kind.ts';
import { type Answers, NOBODY_ASKED } from '../core/question.ts';
import type { CacheState, OpenedFile, Repo } from '../core/repo.ts';
import type { Member } from '../modes/virtual.ts';

/** What a member is to do. Versions are one digit each; a file is there for each of them. */
export interface Script {
  readonly versions: readonly string[];
  /** Whether all that it has was published in it. */
  readonly isOwn: boolean;
  readonly owns: boolean;
  readonly fails: boolean;
  readonly readable: boolean;
  readonly cache?: CacheState;
}

export const LACKS: Script = { versions: [], isOwn: true, owns: false, fails: false, readable: true };
export const PKG = 'left-pad';

/** Which version is whose. */
export type Whose = ReadonlyMap<string, string>;

export const whose = defineIndex<Whose>({
  name: 'whose',
  build: async () => undefined,
  merge: (parts) => new Map(parts.toReversed().flatMap((part) => [...part])),
  render: (value) => ({ contentType: 'text/plain', body: [...value].join(' ') }),
});

/** A repository that does as it is told, and counts what it is asked. */
export class ScriptedRepo implements Repo {
  readonly name: string;
  readonly script: Script;
  readonly touched: string[] = [];
  /** What it was asked, besides whose a name is. */
  asked = 0;

  constructor(name: string, script: Script) {
    this.name = name;
    this.script = script;
  }

  async file(ref: FileRef): Promise<OpenedFile> {
    this.#answer();
    if (!this.script.versions.includes(ref.path)) throw notFound('FILE');
    const { cache } = this.script;
    const open = async () => new Blob([this.name]);
    return {
      file: { ...ref, path: `${this.name}/${ref.path}` },
      size: 1,
      digest: undefined,
      open,
      ...(cache && { cache }),
    };
  }

  async touch({ path }: FileRef): Promise<void> {
    this.touched.push(path);
  }

  async index<T>(kind: IndexKind<T>, _: IndexKey): Promise<IndexPart<T>> {
    this.#answer();
    const { versions, cache } = this.script;
    if (versions.length === 0) throw notFound('INDEX');
    const value: unknown = new Map(versions.map((version) => [version, this.name]));
    return {
      source: versions.join(''),
      value: async () => value as T,
      listing: async () => kind.listing?.(value as T, _) ?? new Map(),
      ...(cache && { cache }),
    };
  }

  async search(): Promise<{ readonly packages: readonly string[]; readonly total: number }> {
    this.#answer();
    return this.script.versions.length > 0
      ? { packages: [PKG, `${PKG}-${this.name}`], total: 2 }
      : { packages: [], total: 0 };
  }

  async owns(pkg: string): Promise<boolean> {
    return this.script.owns && pkg === PKG;
  }

  async ask(): Promise<Answers> {
    return NOBODY_ASKED;
  }

  seenBy(): Repo {
    return this;
  }

  own(): Repo | undefined {
    return this.script.isOwn ? this : undefined;
  }

  #answer(): void {
    this.asked += 1;
    if (this.script.fails) throw new RegistryError('UNAVAILABLE', 'UPSTREAM_BROKEN', 'the upstream is away');
  }
}

/** A repository behind another, of which a caller may read all or nothing. */
export const scriptedMember = (whole: ScriptedRepo, id: number): Member => ({
  id,
  name: `projects/${whole.name}`,
  whole,
  seen: async () => (whole.script.readable ? whole : undefined),
});
