import { describe, expect, test } from 'bun:test';
import { array, assert, asyncProperty, boolean, record, subarray } from 'fast-check';
import type { FileRef } from '../core/catalog.ts';
import { RegistryError } from '../core/error.ts';
import { failureOf } from '../testing/failure-of.ts';
import { LACKS, PKG, type Script, ScriptedRepo, scriptedMember, whose } from '../testing/scripted-member.ts';
import { worstOf } from './virtual-part.ts';
import { VirtualRepo } from './virtual.ts';

const fileOf = (version: string): FileRef => ({
  path: version,
  freshness: 'immutable',
  coordinates: { package: PKG, version },
});

function virtual(scripts: readonly Script[], { answerWithout = false, isAnonymous = false } = {}) {
  const repos = scripts.map((script, at) => new ScriptedRepo(`m${at}`, script));
  const members = repos.map(scriptedMember);
  return {
    repos,
    repo: new VirtualRepo({ name: 'v', members: async () => members, answerWithout, isAnonymous }),
  };
}

const script = record<Script>({
  versions: subarray(['1', '2', '3']),
  isOwn: boolean(),
  owns: boolean(),
  fails: boolean(),
  readable: boolean(),
});

interface Expected {
  /** Places of members, in order. */
  readonly parts: readonly number[];
  readonly failed: readonly number[];
}

/** Who has a say, by the words of the class. */
function model(scripts: readonly Script[], has: (script: Script) => boolean, all: boolean): Expected {
  const parts: number[] = [];
  const failed: number[] = [];
  let closed = false;
  for (const [at, member] of scripts.entries()) {
    if (member.readable && (member.isOwn || !closed)) {
      if (member.fails) failed.push(at);
      else if (has(member)) parts.push(at);
      if (parts.length > 0 && !all) break;
    }
    closed ||= member.owns;
  }
  return { parts, failed };
}

/** An answer, or a failure as the place of whom it is of. */
type Answer =
  | { readonly from: string; readonly without: readonly string[] }
  | 'absent'
  | { readonly of: string };

const named = (at: number | undefined): string => `projects/m${at}`;

function expected({ parts, failed }: Expected, answerWithout: boolean, from: string): Answer {
  if (failed.length > 0 && (!answerWithout || parts.length === 0)) return { of: named(failed[0]) };
  return parts.length === 0 ? 'absent' : { from, without: failed.map(named) };
}

async function answered(read: Promise<Answer>): Promise<Answer> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return error.code === 'NOT_FOUND' ? 'absent' : { of: error.details['member'] ?? '' };
  }
}

const textOf = (versions: Iterable<readonly [string, unknown]>): string =>
  [...versions]
    .map(([version, of]) => `${version}:${String(of)}`)
    .sort()
    .join(' ');

const readFrom = async (repo: VirtualRepo, version: string): Promise<Answer> => {
  const { file, without = [] } = await repo.file(fileOf(version));
  return { from: file.path, without };
};

const anyMembers = array(script, { maxLength: 5 });

describe('whatever the members are', () => {
  test('a file is the first’s that has it and may have a say', async () => {
    await assert(
      asyncProperty(anyMembers, boolean(), async (scripts, answerWithout) => {
        const { repo } = virtual(scripts, { answerWithout });
        const wanted = model(scripts, ({ versions }) => versions.includes('1'), false);

        expect(await answered(readFrom(repo, '1'))).toEqual(
          expected(wanted, answerWithout, `m${wanted.parts[0]}/1`),
        );
      }),
    );
  });

  test('an index is of all that may have a say, the earlier before the later', async () => {
    await assert(
      asyncProperty(anyMembers, boolean(), async (scripts, answerWithout) => {
        const { repo } = virtual(scripts, { answerWithout });
        const wanted = model(scripts, ({ versions }) => versions.length > 0, true);
        const owners = new Map<string, number>();
        for (const at of wanted.parts)
          for (const version of scripts[at]?.versions ?? [])
            if (!owners.has(version)) owners.set(version, at);

        const read = async (): Promise<Answer> => {
          const part = await repo.index(whose, { of: PKG });
          return { from: textOf(await part.value()), without: part.without ?? [] };
        };

        const from = textOf([...owners].map(([version, at]) => [version, `m${at}`] as const));
        expect(await answered(read())).toEqual(expected(wanted, answerWithout, from));
      }),
    );
  });

  test('one inside another answers for what is its own as if its members stood in its place', async () => {
    await assert(
      asyncProperty(anyMembers, anyMembers, async (before, inside) => {
        const { repo: flat } = virtual([...before, ...inside]);
        const outer = before.map((each, at) => scriptedMember(new ScriptedRepo(`m${at}`, each), at));
        const inner = inside.map((each, at) =>
          scriptedMember(new ScriptedRepo(`m${before.length + at}`, each), before.length + at),
        );
        const whole = new VirtualRepo({
          name: 'inner',
          members: async () => inner,
          answerWithout: false,
          isAnonymous: false,
        });
        const members = [
          ...outer,
          { id: 99, name: 'projects/inner', whole, seen: async () => whole },
        ] as const;
        const nested = new VirtualRepo({
          name: 'v',
          members: async () => members,
          answerWithout: false,
          isAnonymous: false,
        });
        expect(await answered(readFrom(nested, '2'))).toEqual(await answered(readFrom(flat, '2')));
      }),
    );
  });
});

const OWN: Script = { ...LACKS, versions: ['1'], owns: true };
const PUBLIC: Script = { ...LACKS, versions: ['1', '9'], isOwn: false };

describe('a name that a member owns', () => {
  const closing: readonly (readonly [string, Script])[] = [
    ['has it', OWN],
    ['has lost all its versions', { ...OWN, versions: [] }],
    ['fails', { ...OWN, fails: true }],
    ['may not be read by the caller', { ...OWN, readable: false }],
  ];
  test.each(closing)('is closed to others where that member %s', async (_, own) => {
    for (const answerWithout of [true, false]) {
      const { repo, repos } = virtual([own, PUBLIC], { answerWithout });

      await failureOf(repo.file(fileOf('9')));
      await repo.index(whose, { of: PKG }).catch(() => undefined);

      expect(repos[1]?.asked).toBe(0);
    }
  });

  test('is another’s too that owns it', async () => {
    const { repo } = virtual([OWN, { ...OWN, versions: ['2'] }, PUBLIC]);

    expect((await repo.file(fileOf('2'))).file.path).toBe('m1/2');
    expect([...(await (await repo.index(whose, { of: PKG })).value())]).toEqual([
      ['2', 'm1'],
      ['1', 'm0'],
    ]);
  });

  test('is shown once, and not as others’, when it is searched for', async () => {
    const { repo } = virtual([OWN, PUBLIC]);

    expect(await repo.search(['left'], { limit: 10, skip: 0 })).toEqual({
      packages: ['left-pad', 'left-pad-m0', 'left-pad-m1'],
      total: 3,
    });
    expect(await repo.search(['left'], { limit: 1, skip: 1 })).toEqual({
      packages: ['left-pad-m0'],
      total: 3,
    });
  });
});

/** What is said where a member cannot say what it owns. */
async function doubts(readable: boolean): Promise<readonly string[]> {
  const secret = new ScriptedRepo('secret', { ...LACKS, readable });
  secret.owns = () => Promise.reject(new RegistryError('UNAVAILABLE', 'MEMBER_MISSING', 'secret is gone'));
  const members = [secret, new ScriptedRepo('m1', PUBLIC)].map(scriptedMember);
  const parts = { name: 'v', members: async () => members, answerWithout: true, isAnonymous: false };
  const repo = new VirtualRepo(parts);
  const asked = [repo.file(fileOf('9')), repo.index(whose, { of: PKG }), repo.owns(PKG)];
  return Promise.all(asked.map(async (each) => String(await failureOf(each))));
}

test('a member that cannot say what it owns is named to nobody who may not read it', async () => {
  for (const words of await doubts(true)) expect(words).toContain('secret is gone');
  for (const words of await doubts(false)) {
    expect(words).toContain('cannot say');
    expect(words).not.toContain('secret');
  }
});

test('others have their turn while much is found', async () => {
  const { repo, repos } = virtual([OWN, PUBLIC]);
  const packages = Array.from({ length: 1_000 }, (_, at) => `found-${at}`);
  for (const each of repos) each.search = async () => ({ packages, total: packages.length });
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await repo.search(['found'], { limit: 10, skip: 990 });
  expect(turned).toBe(true);
});

describe('a member that refuses', () => {
  test('is no member that fails: nobody else answers for it', async () => {
    const refusal = new RegistryError('PERMISSION_DENIED', 'VERSION_TOO_NEW', 'left-pad@9 is one day old');
    const first = new ScriptedRepo('m0', PUBLIC);
    first.file = () => Promise.reject(refusal);
    const members = [first, new ScriptedRepo('m1', PUBLIC)].map(scriptedMember);
    const repo = new VirtualRepo({
      name: 'v',
      members: async () => members,
      answerWithout: true,
      isAnonymous: false,
    });

    expect(await failureOf(repo.file(fileOf('9')))).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: 'left-pad@9 is one day old',
      details: { member: 'projects/m0' },
    });
  });
});

const sourceOf = async (scripts: readonly Script[], options = {}) =>
  (await virtual(scripts, options).repo.index(whose, { of: PKG })).source;

describe('what an index was made of', () => {
  test('is another for other members, another order, and another content', async () => {
    const [a, b] = [
      { ...LACKS, versions: ['1'] },
      { ...LACKS, versions: ['2'] },
    ];
    const sources = await Promise.all(
      [[a], [b], [a, b], [b, a], [a, { ...b, readable: false }], [a, { ...b, versions: ['3'] }]].map(
        async (scripts) => sourceOf(scripts),
      ),
    );

    // Who may not read the second has the same document as who has only the first.
    expect(sources[4]).toBe(sources[0]);
    expect(new Set(sources).size).toBe(5);
  });

  test('is not said where a member was left out', async () => {
    const source = await sourceOf([{ ...LACKS, fails: true }, PUBLIC], { answerWithout: true });
    expect(source).toBeUndefined();
  });
});

const told = async (scripts: readonly Script[], version: string) => {
  const { repo } = virtual(scripts, { isAnonymous: true });
  return [await failureOf(repo.file(fileOf(version))), await failureOf(repo.index(whose, { of: PKG }))];
};

describe('a caller who does not say who they are', () => {
  const HIDDEN: Script = { ...OWN, readable: false };

  test('is asked to where there is more than everybody may read, be it this or not', async () => {
    const logIn = { code: 'UNAUTHENTICATED', status: 401 };
    expect(await told([HIDDEN, LACKS], '1')).toMatchObject([logIn, logIn]);
    expect(await told([LACKS, { ...HIDDEN, versions: [], owns: false }], '1')).toMatchObject([logIn, logIn]);
  });

  test('is told that it is not there where everybody may read all', async () => {
    const absent = { code: 'NOT_FOUND' };
    expect(await told([LACKS, LACKS], '1')).toMatchObject([absent, absent]);
  });

  test('is asked to by one inside another, unless somebody has it for everybody', async () => {
    const inner = virtual([HIDDEN], { isAnonymous: true }).repo;
    const outer = (last: Script) => {
      const inside = { id: 9, name: 'projects/inner', whole: inner, seen: async () => inner } as const;
      const members = [inside, scriptedMember(new ScriptedRepo('m1', last), 1)];
      const parts = { name: 'v', members: async () => members, answerWithout: false, isAnonymous: true };
      return new VirtualRepo(parts).file(fileOf('7'));
    };

    expect(await failureOf(outer(LACKS))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await outer({ ...LACKS, versions: ['7'] })).file.path).toBe('m1/7');
  });
});

describe('a writer who is about to rely on a file', () => {
  test('is made known to the member that has it, and to nobody where none has', async () => {
    const { repo, repos } = virtual([LACKS, OWN, OWN]);

    await repo.touch(fileOf('1'));
    await repo.touch(fileOf('7'));

    expect(repos.map(({ touched }) => touched)).toEqual([[], ['1'], []]);
  });
});

test('several copies are as old as the oldest, as bad as the worst, and good for as long as all are', () => {
  expect(worstOf([])).toBeUndefined();
  expect(
    worstOf([
      { outcome: 'hit', validatedAt: 5_000, maxAge: 10 },
      { outcome: 'stale', validatedAt: 9_000, maxAge: 60, detail: 'upstream_slow' },
      { outcome: 'miss', validatedAt: 20_000 },
    ]),
  ).toEqual({ outcome: 'stale', validatedAt: 5_000, maxAge: 10, detail: 'upstream_slow' });
});
