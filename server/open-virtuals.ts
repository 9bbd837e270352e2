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
import { MissingMember } from './modes/missing-member.ts';
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
      return extent === 'all' ? whole : whole.seenBy(seeing(authorizer, principal, permission, name));
    };
    return { id, name, whole, seen: () => (seen ??= see()) };
  };

  const found = async (
    address: RepositoryAddress,
    format: string,
  ): Promise<RepositoryRow | MissingMember> => {
    const row = await directory.find(address);
    if (!row) return new MissingMember(repositoryName(address), 'does not exist');
    return row.format === format
      ? row
      : new MissingMember(repositoryName(address), `is a ${row.format} repository, not a ${format} one`);
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
      const rows = await Promise.all(addresses.map((address) => found(address, row.format)));
      return rows.map((each) =>
        each instanceof MissingMember
          ? member({ id: 0, name: each.name, whole: each }, reader)
          : member({ id: each.id, name: repositoryName(each), whole: open(each, reader, nesting) }, reader),
      );
    };
    let members: Promise<readonly Member[]> | undefined;
    return new VirtualRepo({ name, answerWithout, members: () => (members ??= openMembers()) });
  };

  const target = async (row: RepositoryRow): Promise<WriteTarget> => {
    const { members, writes } = settingsOf(row);
    const rows = await Promise.all(members.map((address) => found(address, row.format)));
    const writable = rows.filter(takesWrites);
    const to = writes && writable.find((each) => repositoryName(each) === repositoryName(writes));
    if (to) return { to };
    const why = writes
      ? `its writeRepository, ${repositoryName(writes)}, is no standard repository among its members`
      : 'it is a virtual repository without a writeRepository';
    return { why, instead: writable };
  };

  return { read, target };
}

const takesWrites = (member: RepositoryRow | MissingMember): member is RepositoryRow =>
  !(member instanceof MissingMember) && member.mode === 'STANDARD_REPOSITORY';

const tooMuch = (name: string): RegistryError =>
  new RegistryError(
    'FAILED_PRECONDITION',
    'VIRTUAL_TOO_DEEP',
    `${name} is made of repositories that are made of others: at most ${DEEPEST} may be in one another, and ` +
      `${MOST_BEHIND_ONE} behind one; take some out of upstreamPolicies`,
  );
