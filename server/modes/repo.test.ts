import { randomBytes } from 'node:crypto';
import type { FormatUpstream } from '../core/format.ts';
import type { Repo } from '../core/repo.ts';
import { TokenSealer } from '../lib/sealed-token.ts';
import { CatalogTables, FileLookups } from '../stores/metadata/catalog-tables.ts';
import { HostedTables } from '../stores/metadata/hosted-tables.ts';
import { UploadSessions } from '../stores/upload-sessions.ts';
import { repoContract, type RepoUnderTest } from '../testing/contracts/repo.ts';
import { fileOf, publish } from '../testing/contracts/repo-under-test.ts';
import { RemoteLab } from '../testing/remote-lab.ts';
import { StandardRepo } from './standard.ts';
import { type Member, VirtualRepo } from './virtual.ts';

/** A format of one file to a version, called as it is here. */
const format: FormatUpstream = {
  presets: {},
  wholeUpTo: 1_000,
  maxAge: 300,
  locate: ({ path }) => ({ target: path, checksums: [] }),
  adopt: async ({ ref, blob }) => ({
    package: ref.coordinates?.package ?? '',
    version: ref.coordinates?.version ?? '',
    attributes: {},
    size: blob.size,
  }),
  probe: { target: '', accepts: () => true },
};

const SAMPLE = [
  ['left-pad', ['1', '2']],
  ['right-pad', ['1']],
] as const;

async function standard(): Promise<RepoUnderTest> {
  const lab = await RemoteLab.open(format);
  const { id } = await lab.repository();
  const { blobs, clock, database } = lab;
  const catalog = new CatalogTables(database, new FileLookups(database), id);
  const uploads = new UploadSessions({
    blobs,
    sealer: new TokenSealer(randomBytes(32), 'upload'),
    now: clock.now,
    ttlMs: 1_000,
  });
  const stored = new HostedTables(
    { database, blobs, uploads, now: clock.now, leaseMs: 1_000_000 },
    { repositoryId: id, account: '', catalog },
  );
  for (const [pkg, versions] of SAMPLE)
    for (const version of versions) await publish(stored, pkg, version, { searchText: '' });
  return {
    repo: new StandardRepo('projects/p/locations/l/repositories/s', stored, blobs),
    isOwn: true,
    grow: async () => publish(stored, 'left-pad', '3'),
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

async function remote(): Promise<RepoUnderTest> {
  const lab = await RemoteLab.open(format);
  const { repo } = await lab.repository();
  const list = (pkg: string, versions: readonly string[]) => {
    lab.upstream.put(`${pkg}/versions`, { body: versions.join('\n') });
    for (const version of versions) lab.upstream.put(`${pkg}/files/${version}`, { body: version });
  };
  for (const [pkg, versions] of SAMPLE) {
    list(pkg, versions);
    for (const version of versions) {
      const ref = { ...fileOf(pkg, `files/${version}`), coordinates: { package: pkg, version } };
      await repo.file({ ...ref, contentType: 'text/plain' });
    }
  }
  return {
    repo,
    isOwn: false,
    grow: async () => {
      list('left-pad', ['1', '2', '3']);
      lab.clock.advance(1_000_000);
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

const member = (whole: Repo, id: number): Member => ({
  id,
  name: `projects/p/locations/l/repositories/m${id}`,
  whole,
  seen: async () => whole,
});

const virtual = (make: () => Promise<RepoUnderTest>) => async (): Promise<RepoUnderTest> => {
  const [empty, full] = [await RemoteLab.open(format), await make()];
  const members = [member((await empty.repository()).repo, 1), member(full.repo, 2)];
  return {
    repo: new VirtualRepo({
      name: 'projects/p/locations/l/repositories/v',
      members: async () => members,
      answerWithout: false,
      isAnonymous: false,
    }),
    isOwn: full.isOwn,
    grow: () => full.grow(),
    [Symbol.asyncDispose]: async () => {
      await full[Symbol.asyncDispose]();
      await empty[Symbol.asyncDispose]();
    },
  };
};

repoContract('a standard repository', standard);
repoContract('a remote repository', remote);
repoContract('a virtual repository of a standard one', virtual(standard));
repoContract('a virtual repository of a remote one', virtual(remote));
repoContract('a virtual repository in another', virtual(virtual(standard)));
