import { RegistryError } from './core/error.ts';
import type { Authorizer } from './core/iam.ts';
import type { VirtualSettings } from './core/remote-settings.ts';
import type { Repo } from './core/repo.ts';
import {
  type RepositoryAddress,
  type RepositoryDirectory,
  repositoryName,
  type RepositoryRow,
} from './core/repository.ts';
import type { Reader, WriteTarget } from './http/route-parts.ts';
import { seeing } from './lib/visible-catalog.ts';
import { FailingMember } from './modes/failing-member.ts';
import { NarrowedRepo } from './modes/narrowed-repo.ts';
import { type VirtualPriority, virtualSettings } from './modes/virtual-settings.ts';
import { type Member, VirtualRepo } from './modes/virtual.ts';

/** How far virtual repositories may be in one another, and how many repositories are behind one in all. */
const DEEPEST = 8;
const MOST_BEHIND_ONE = 500;

/** Where in nested virtual repositories one is. */
export interface Nesting {
  readonly depth: number;
  /** Repositories that were opened below the outermost. */
  readonly opened: { count: number };
}

interface VirtualsParts {
  readonly directory: Pick<RepositoryDirectory, 'find'>;
  readonly authorizer: Pick<Authorizer, 'check' | 'extent'>;
  readonly priority: VirtualPriority;
  /** A member, whatever its mode. */
  readonly open: (row: RepositoryRow, reader: Reader, nesting: Nesting) => Repo;
}

/** Repositories that are made of others, each of which the caller needs a right of their own on. */
export function openVirtuals({ directory, authorizer, priority, open }: VirtualsParts) {
  // A row is one object until something is committed.
  const known = new WeakMap<RepositoryRow, VirtualSettings>();
  const settingsOf = (row: RepositoryRow): VirtualSettings => {
    const settings = known.get(row) ?? virtualSettings(row.config, priority);
    known.set(row, settings);
    return settings;
  };

  const member = (
    { id, name, whole }: Pick<Member, 'id' | 'name' | 'whole'>,
    { principal, permission }: Reader,
  ): Member => {
    let seen: Promise<Repo | undefined> | undefined;
    const see = async (): Promise<Repo | undefined> => {
      const extent = await authorizer.extent(principal, permission, name, {});
      if (extent === 'none') return undefined;
      return extent === 'all'
        ? whole
        : new NarrowedRepo(whole, seeing(authorizer, principal, permission, name));
    };
    return { id, name, whole, seen: () => (seen ??= see()) };
  };

  const memberOf = async (
    address: RepositoryAddress,
    format: string,
    reader: Reader,
    nesting: Nesting,
  ): Promise<Member> => {
    const name = repositoryName(address);
    const row = await directory.find(address);
    const failing = (failure: unknown) =>
      member({ id: 0, name, whole: new FailingMember(name, failure) }, reader);
    if (row?.format !== format) return failing(noMember(name, row, format));
    try {
      return member({ id: row.id, name, whole: open(row, reader, nesting) }, reader);
    } catch (error) {
      return failing(error);
    }
  };

  const read = (
    row: RepositoryRow,
    reader: Reader,
    at: Nesting = { depth: 1, opened: { count: 0 } },
  ): Repo => {
    const { members: addresses, answerWithout } = settingsOf(row);
    const name = repositoryName(row);
    const openMembers = async (): Promise<readonly Member[]> => {
      at.opened.count += addresses.length;
      if (at.depth > DEEPEST || at.opened.count > MOST_BEHIND_ONE) throw tooMuch(name);
      const nesting: Nesting = { depth: at.depth + 1, opened: at.opened };
      return Promise.all(addresses.map((address) => memberOf(address, row.format, reader, nesting)));
    };
    let members: Promise<readonly Member[]> | undefined;
    const isAnonymous = reader.principal.kind === 'anonymous';
    return new VirtualRepo({ name, answerWithout, isAnonymous, members: () => (members ??= openMembers()) });
  };

  const target = async (row: RepositoryRow): Promise<WriteTarget> => {
    const { members, writes } = settingsOf(row);
    const rows = await Promise.all(members.map(async (address) => directory.find(address)));
    const writable = rows.flatMap((each) =>
      each?.mode === 'STANDARD_REPOSITORY' && each.format === row.format ? [each] : [],
    );
    const to = writes && writable.find((each) => repositoryName(each) === repositoryName(writes));
    if (to) return { to };
    const why = writes
      ? `its writeRepository, ${repositoryName(writes)}, is no standard repository among its members`
      : 'it is a virtual repository without a writeRepository';
    return { why, instead: writable };
  };

  return { read, target };
}

const noMember = (name: string, row: RepositoryRow | undefined, format: string): RegistryError =>
  new RegistryError(
    'UNAVAILABLE',
    'MEMBER_MISSING',
    `${name} ${row ? `is no ${format} repository` : 'does not exist'}; take it out of the upstreamPolicies that name it`,
  );

const tooMuch = (name: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'VIRTUAL_TOO_DEEP',
    `${name} is made of repositories that are made of others: at most ${DEEPEST} may be in one another, and ` +
      `${MOST_BEHIND_ONE} behind one; take some out of upstreamPolicies`,
  );
