import { expect } from 'bun:test';
import type { BlobStore } from '../../core/blob.ts';
import type { FileRef, HostedRepo, PublishPlan } from '../../core/catalog.ts';
import type { Page, Slice } from '../../core/page.ts';
import { bodyOf } from './bodies.ts';

export interface HostedRepoUnderTest {
  /** Another empty repository, for a caller. */
  repo(options?: { readonly immutableTags?: boolean; readonly account?: string }): Promise<HostedRepo>;
  /** The same repository for another caller. */
  as(repo: HostedRepo, account: string): HostedRepo;
  /** Where all repositories keep their bytes. */
  readonly blobs: BlobStore;
  dispose(): Promise<void>;
}

export const inBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const fileOf = (pkg: string, name: string): FileRef => ({
  path: `${pkg}/${name}`,
  freshness: 'immutable',
  coordinates: { package: pkg },
});
export const taggedFile = (pkg: string, tag: string): FileRef => ({
  path: `${pkg}/${tag}`,
  freshness: 'revalidate',
  coordinates: { package: pkg },
  tag,
});

/** Stores text and links it as a loose file. */
export async function linked(repo: HostedRepo, pkg: string, name: string, text = name): Promise<FileRef> {
  const blob = await repo.store(bodyOf([text]));
  await repo.link({ ...fileOf(pkg, name), blob });
  return fileOf(pkg, name);
}

/** A plan for a version of one file, whose bytes are the version's name. */
export async function planned(
  repo: HostedRepo,
  pkg: string,
  version: string,
  more: Partial<PublishPlan> = {},
): Promise<PublishPlan> {
  const blob = await repo.store(bodyOf([version]));
  const file = { ...fileOf(pkg, `files/${version}`), contentType: 'text/plain', blob };
  return {
    package: pkg,
    version,
    attributes: { of: version },
    size: blob.size,
    files: [file],
    onConflict: 'reject',
    ...more,
  };
}

export const publish = async (
  repo: HostedRepo,
  pkg: string,
  version: string,
  more: Partial<PublishPlan> = {},
) => repo.publish(await planned(repo, pkg, version, more));
export const textOf = async (repo: HostedRepo, ref: FileRef): Promise<string | undefined> => {
  const file = await repo.file(ref);
  return file && new TextDecoder().decode(await repo.read(file, 1_000));
};
export const names = async <T>(
  list: (page: Page) => Promise<Slice<T>>,
  name: (row: T) => string,
): Promise<string[]> => (await list({ limit: 1_000 })).rows.map(name);
export const tagsOf = (repo: HostedRepo, pkg: string) =>
  names(
    (page) => repo.tags(pkg, page),
    ({ tag, version }) => `${tag}=${version}`,
  );
export const versionsOf = (repo: HostedRepo, pkg: string) =>
  names(
    (page) => repo.versions(pkg, page),
    ({ version }) => version,
  );

/** Reads a list page by page; fails unless every page is in byte order and says truly whether more follows. */
export async function everyPage<T>(
  limit: number,
  list: (page: Page) => Promise<Slice<T>>,
  name: (row: T) => string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const after = found.at(-1);
    const { rows, more } = await list(after === undefined ? { limit } : { limit, after });
    expect(rows.length).toBeLessThanOrEqual(limit);
    for (const row of rows) {
      expect(found.length === 0 || inBytes(found.at(-1) ?? '', name(row)) < 0).toBe(true);
      found.push(name(row));
    }
    if (!more) return found;
    expect(rows).toHaveLength(limit);
  }
}
