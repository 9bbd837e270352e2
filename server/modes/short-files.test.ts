import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { FileRef } from '../core/catalog.ts';
import { RegistryError } from '../core/error.ts';
import type { FormatUpstream } from '../core/format.ts';
import { purgeInSteps } from '../stores/metadata/purge-copies.ts';
import { failureOf } from '../testing/failure-of.ts';
import { read, RemoteLab, textOf, type Told } from '../testing/remote-lab.ts';
import { Company } from './company.ts';
import { RemoteMemory } from './remote-memory.ts';
import type { RemoteRepo } from './remote.ts';

const MIB = 1024 * 1024;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What the upstream's index says that its one file is. */
let promised: string | undefined;

/** A format of one file, which is what some index says it is. */
const format: FormatUpstream = {
  presets: {},
  wholeUpTo: 1_000,
  maxAge: 3_600,
  locate: async ({ path }) => ({
    target: path,
    version: '1',
    checksums: promised === undefined ? [] : [{ algorithm: 'sha256', hex: promised }],
  }),
  async adopt(fetched) {
    const { ref, blob } = fetched;
    if (new TextDecoder().decode(await fetched.read(MIB)).startsWith('<'))
      throw new RegistryError('DATA_LOSS', 'FILE_INVALID', 'it is a page');
    return { package: ref.coordinates?.package ?? '', version: '1', attributes: {}, size: blob.size };
  },
  probe: { target: '', accepts: () => true },
};
const file: FileRef = {
  path: 'p/1',
  freshness: 'immutable',
  coordinates: { package: 'p', version: '1' },
  contentType: 'text/plain',
};

let lab: RemoteLab;
let company: Company;
let repo: RemoteRepo;
let id: number;
beforeEach(async () => {
  // Whatever waits does so until the test says otherwise.
  company = new Company({ longestMs: 2 ** 31 - 1, quietMs: 2 ** 31 - 1 });
  lab = await RemoteLab.open(format, company);
  ({ repo, id } = await lab.repository());
  put('one');
});
afterEach(async () => {
  company[Symbol.dispose]();
  await lab.memory.unkeptFiles.allSettled();
  await lab[Symbol.asyncDispose]();
});

function put(body: string, is = sha256(body)): void {
  lab.upstream.put('p/1', { body });
  promised = is;
}
const asked = (): number => lab.upstream.take().length;
async function kept(): Promise<number> {
  return (await lab.database.read.selectFrom('version').select('id').execute()).length;
}
/** All that waits is kept, as when the server stops. */
async function settled(): Promise<void> {
  company[Symbol.dispose]();
  await lab.memory.unkeptFiles.allSettled();
}
const anew = (told: Told = {}): RemoteRepo => lab.at(id, told, new RemoteMemory());

describe('a short file', () => {
  test('is answered before it is kept, and again without asking for it', async () => {
    expect(await read(repo, file)).toEqual(['one', 'miss']);
    expect(await read(repo, file)).toEqual(['one', 'hit']);
    expect([await kept(), asked()]).toEqual([0, 1]);

    await settled();

    expect(await kept()).toBe(1);
    expect(await read(anew(), file)).toEqual(['one', 'hit']);
    expect(asked()).toBe(0);
  });

  test('is asked for once by however many want it', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => read(repo, file)));

    expect(new Set(all.map(([text]) => text))).toEqual(new Set(['one']));
    expect(asked()).toBe(1);
  });

  test('has the same headers before and after, and ranges', async () => {
    const before = await repo.file(file);
    expect(await new Response(await before.open({ start: 1, end: 2 })).text()).toBe('ne');
    const known = await repo.file(file, 'headers');
    await settled();
    const after = await repo.file(file);

    for (const opened of [before, known])
      expect([opened.file, opened.size, opened.digest, opened.checksums]).toEqual([
        after.file,
        after.size,
        after.digest,
        after.checksums,
      ]);
    expect(after.cache?.validatedAt).toBe(before.cache?.validatedAt);
    expect(asked()).toBe(1);
  });

  test('that a crash lost is fetched again', async () => {
    await read(repo, file);

    expect(await read(anew(), file)).toEqual(['one', 'miss']);
    expect(asked()).toBe(2);
  });

  test('is there when it says that it is kept', async () => {
    const opened = await repo.file(file);
    await opened.kept?.();
    expect(await kept()).toBe(1);
  });

  test('that is purged before it is kept is fetched again, and not kept', async () => {
    await read(repo, file);
    await purgeInSteps(lab.database, { repositoryId: id, now: lab.clock.now(), id: 'purge' });
    await settled();
    expect(await kept()).toBe(0);

    expect(await read(repo, file)).toEqual(['one', 'miss']);
    expect(asked()).toBe(2);
  });

  test('is held to rules that came after it', async () => {
    await read(repo, file);

    const refusal = await failureOf(lab.at(id, { rules: { deny: ['p'] } }).file(file));

    expect(refusal).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  test('that comes slowly is sent as it comes', async () => {
    put('slow '.repeat(20_000));
    const rest = Promise.withResolvers<void>();
    lab.upstream.trouble = (script) => ({ ...script, rest: rest.promise });

    const opened = await repo.file(file);
    rest.resolve();

    expect(await textOf(opened)).toBe('slow '.repeat(20_000));
    expect([await kept(), asked()]).toEqual([1, 1]);
  });

  test('that breaks off goes on, and is kept first', async () => {
    let broken = 0;
    lab.upstream.trouble = (script) => ((broken += 1) === 1 ? { ...script, breaksAt: 2 } : script);

    expect(await read(repo, file)).toEqual(['one', 'miss']);
    expect([await kept(), asked()]).toEqual([1, 2]);
  });

  test.each([
    ['is not what it should be', 'two', sha256('one')],
    ['is nothing of its kind', '<html>', sha256('<html>')],
  ])('that %s is nobody’s', async (_, body, is) => {
    put(body, is);

    expect(await failureOf(repo.file(file).then(textOf))).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
    await settled();
    expect([await kept(), asked()]).toEqual([0, 1]);
  });

  test('for which there is no room is served all the same', async () => {
    const full = { max_bytes: 1 };
    await lab.database.transaction((tx) =>
      tx.updateTable('repository').set(full).where('id', '=', id).execute(),
    );
    expect(await read(repo, file)).toEqual(['one', 'miss']);
    await settled();
    expect([await kept(), lab.unnoticed]).toEqual([0, []]);
  });
});

describe('is kept before it is answered', () => {
  test.each<readonly [string, () => void]>([
    ['that is longer', () => put('a'.repeat(MIB))],
    ['of which nobody says what it is', () => (promised = undefined)],
  ])('a file %s', async (_, change) => {
    change();
    await read(repo, file);
    expect([await kept(), asked()]).toEqual([1, 1]);
  });

  test('a file where rules ask what was seen first', async () => {
    await read(lab.at(id, { rules: { pinFirstSeen: true } }), file);
    expect(await kept()).toBe(1);
  });

  test('a file while much is waiting', async () => {
    const much = { bytes: new Uint8Array(64 * MIB), purges: '', file, checksums: [], validatedAt: 0 };
    const full = Promise.withResolvers<void>();
    const later = { done: full.promise, hurry: () => undefined };
    await lab.memory.unkeptFiles.add('much', { ...much, digest: `sha256:${sha256('')}` }, () => later);
    await read(repo, file);
    full.resolve();
    expect(await kept()).toBe(1);
  });
});
