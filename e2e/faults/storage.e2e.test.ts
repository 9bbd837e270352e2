import { describe, expect, test } from 'bun:test';
import { chmodSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { type Bytes, digestOf } from '../harness/oci.ts';
import { scratch } from '../harness/scratch.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { memoryDisk, reasonAgainst } from './disks.ts';
import { blobKey, Ledger, manifestKey, tagKey } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { imageDocument, Registry } from './registry.ts';
import { verify } from './verify.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 120_000;

const home = sharedScratch('storage');

/** An image under a tag that was acknowledged. */
async function pushImage(registry: Registry, ledger: Ledger, tag: string, seed: number): Promise<void> {
  const config = noise(seed, 40_000);
  const document = imageDocument({ config, layers: [] });
  const digest = digestOf(config);
  ledger.contents.set(digest, config);
  ledger.contents.set(document.digest, document.bytes);
  const change = ledger.begin('the image', [
    [blobKey('kept', digest), digest],
    [manifestKey('kept', document.digest), document.digest],
    [tagKey('kept', tag), document.digest],
  ]);
  expect((await registry.pushBlob('kept', config)).status).toBe(201);
  expect((await registry.putManifest('kept', tag, document)).status).toBe(201);
  ledger.acknowledge(change);
}

/** What a refusal says, which must be in the shape of the OCI specification and tell nothing of our insides. */
async function refusal(answer: Response): Promise<{ readonly status: number; readonly message: string }> {
  const text = await answer.text();
  const { errors } = JSON.parse(text) as { readonly errors: readonly { code: string; message: string }[] };
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toMatch(/^\S+( \S+){2,}$/);
  expect(text).not.toMatch(/SQLITE|\bE(NOSPC|FBIG|ACCES|ROFS|IO)\b|\/tmp|\.ts\b/);
  return { status: answer.status, message: errors[0]?.message ?? '' };
}

const FULL = { status: 507, message: 'not enough storage space' };

async function freeBytes(registry: Registry): Promise<number> {
  const metrics = await (await registry.must(200, 'GET', '/metrics')).text();
  return Number(/^entrepot_storage_free_bytes (\d+)$/m.exec(metrics)?.[1]);
}

const readiness = async (registry: Registry) => (await registry.must(200, 'GET', '/readyz')).text();

/** Pushes until the answer is another than 201, which must come. */
async function fill(registry: Registry, piece: Bytes): Promise<Response> {
  for (let at = 0; at < 200; at += 1) {
    const answer = await registry.pushBlob('filling', Buffer.concat([piece, Buffer.from(String(at))]));
    if (answer.status !== 201) return answer;
  }
  throw new Error('the disk never got full');
}

const noDisk = await (async () => {
  await using trial = await scratch('trial');
  return await reasonAgainst(memoryDisk, trial.path);
})();
if (noDisk !== undefined) console.warn(`skipped tests of full disks, none can be mounted here: ${noDisk}`);

describe.skipIf(noDisk !== undefined)('on a small disk', () => {
  test(
    'uploads are refused before the reserve is touched; reads go on; space that is freed is used at once',
    async () => {
      await using disk = await memoryDisk(join(home.path, 'reserve'), 40);
      const data = join(disk.path, 'data');
      await using program = await Program.start({ data, flags: ['--reserve', '8MiB'] });
      const registry = await Registry.login(program.url);
      const ledger = new Ledger();
      await pushImage(registry, ledger, 'before', 1);
      expect(await readiness(registry)).toBe('ok\n');
      const other = join(disk.path, 'other');
      await Bun.write(other, noise(3, 12 * MIB));

      expect(await refusal(await fill(registry, noise(2, 3 * MIB)))).toEqual(FULL);
      await Bun.write(join(disk.path, 'rest'), noise(3, (await freeBytes(registry)) + 4096));
      expect(await refusal(await registry.pushBlob('filling', noise(4, 1000)))).toEqual(FULL);
      expect(await freeBytes(registry)).toBe(0);
      expect(await readiness(registry)).toMatch(/^ok, but uploads are refused: /);
      // What the reserve is for: changes that need no upload still go through.
      const change = ledger.begin('the removal', [[tagKey('kept', 'before'), undefined]]);
      expect((await registry.deleteManifest('kept', 'before')).status).toBe(202);
      ledger.acknowledge(change);

      await rm(other);
      await pushImage(registry, ledger, 'after', 5);
      expect(await readiness(registry)).toBe('ok\n');
      expect(await program.stop()).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'with the last byte taken by another program, no answer is wrong, nothing is lost, and it recovers by itself',
    async () => {
      await using disk = await memoryDisk(join(home.path, 'full'), 32);
      const data = join(disk.path, 'data');
      // The log is on that disk too.
      const log = join(disk.path, 'log');
      await using program = await Program.start({
        data,
        log,
        flags: ['--reserve', '0KiB', '--access-log', 'all'],
      });
      const registry = await Registry.login(program.url);
      const ledger = new Ledger();
      for (const at of [1, 2, 3]) await pushImage(registry, ledger, `tag-${at}`, at);
      const other = join(disk.path, 'other');
      Bun.spawnSync(['dd', 'if=/dev/zero', `of=${other}`, 'bs=4096'], { stderr: 'ignore' });

      expect(await refusal(await registry.pushBlob('filling', noise(4, 500_000)))).toEqual(FULL);
      for (let round = 0; round < 30; round += 1) {
        const tag = `tag-${(round % 3) + 1}`;
        const change = ledger.begin('the removal', [[tagKey('kept', tag), undefined]]);
        const removed = await registry.deleteManifest('kept', tag);
        if (removed.status === 202) ledger.acknowledge(change);
        else if (removed.status === 404) ledger.refuse(change);
        else expect((await refusal(removed)).status).toBe(507);
        expect((await registry.send('GET', '/v2/_catalog')).status).toBe(200);
      }
      expect((await registry.send('GET', '/healthz')).status).toBe(200);

      await rm(other);
      await pushImage(registry, ledger, 'after', 5);
      await verify(registry, ledger);
      expect(await program.stop()).toBe(0);
      expect((await entrepot(['doctor', '--data', data, '--deep', '--reserve', '0KiB'])).code).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'without an inode left a push is refused as on a full disk, and works again once there are some',
    async () => {
      await using disk = await memoryDisk(join(home.path, 'inodes'), 64, 1_200);
      const data = join(disk.path, 'data');
      await using program = await Program.start({ data });
      const registry = await Registry.login(program.url);
      const ledger = new Ledger();
      await pushImage(registry, ledger, 'before', 1);
      const other = join(disk.path, 'other');
      await mkdir(other);
      for (let at = 0; ; at += 1) {
        const made = await writeFile(join(other, String(at)), '').then(
          () => true,
          () => false,
        );
        if (!made) break;
      }

      expect(await refusal(await registry.pushBlob('kept', noise(2, 1000)))).toEqual(FULL);
      await verify(registry, ledger);

      await rm(other, { recursive: true });
      await pushImage(registry, ledger, 'after', 3);
      await verify(registry, ledger);
      expect(await program.stop()).toBe(0);
      expect((await entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB'])).code).toBe(0);
    },
    LIMIT_MS,
  );
});

test(
  'a limit on the size of files is answered like a full disk, and small pushes go on',
  async () => {
    const data = join(home.path, 'limited');
    const under = ['sh', '-c', 'ulimit -f 16384; exec "$@"', 'sh'];
    await using program = await Program.start({ data, under });
    const registry = await Registry.login(program.url);
    const ledger = new Ledger();
    await pushImage(registry, ledger, 'before', 1);

    const large = noise(2, 20 * MIB);
    expect(await refusal(await registry.pushBlob('large', large))).toEqual(FULL);
    const upload = await registry.begin('large');
    expect((await registry.append(upload, large.subarray(0, 4 * MIB), 0)).status).toBe(202);
    expect(await refusal(await registry.append(upload, large.subarray(4 * MIB), 4 * MIB))).toEqual(FULL);

    await pushImage(registry, ledger, 'after', 3);
    await verify(registry, ledger);
    expect(await program.stop()).toBe(0);
  },
  LIMIT_MS,
);

/** How to run a program as a user who is bound by file modes; nothing where there is no way. */
function asOrdinaryUser(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return [];
  const under = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  try {
    const program = [
      process.execPath,
      join(import.meta.dir, '..', '..', 'bin', 'entrepot.ts'),
      'serve',
      '--help',
    ];
    return Bun.spawnSync([...under, ...program], { stdout: 'ignore', stderr: 'ignore' }).success
      ? under
      : undefined;
  } catch {
    return undefined;
  }
}
const ordinary = asOrdinaryUser();
if (ordinary === undefined)
  console.warn('skipped a test of file modes: this is root, and no other user can run the program from here');

test.skipIf(ordinary === undefined)(
  'where the store takes no new files, writers are told, readers are served, and it recovers by itself',
  async () => {
    const data = join(home.path, 'modes');
    if (ordinary?.length) {
      chmodSync(home.path, 0o755);
      Bun.spawnSync(['install', '-d', '-o', '65534', '-g', '65534', '-m', '0700', data]);
    }
    await using program = await Program.start({ data, under: ordinary ?? [] });
    const registry = await Registry.login(program.url);
    const ledger = new Ledger();
    await pushImage(registry, ledger, 'before', 1);
    const upload = await registry.begin('kept');
    const closed = [
      join(data, 'blobs', 'uploads'),
      ...readdirSync(join(data, 'blobs', 'sha256')).map((shard) => join(data, 'blobs', 'sha256', shard)),
    ];

    for (const path of closed) chmodSync(path, 0o500);
    const readOnly = { status: 503, message: 'the storage does not take writes' };
    expect(await refusal(await registry.pushBlob('kept', noise(2, 1000)))).toEqual(readOnly);
    expect(await refusal(await registry.send('POST', '/v2/gcr.io/my-project/kept/blobs/uploads/'))).toEqual(
      readOnly,
    );
    const bytes = noise(3, 1000);
    expect(await refusal(await registry.finish(upload, digestOf(bytes), bytes))).toEqual(readOnly);
    await verify(registry, ledger);

    for (const path of closed) chmodSync(path, 0o700);
    await pushImage(registry, ledger, 'after', 4);
    await verify(registry, ledger);
    expect(await program.stop()).toBe(0);
  },
  LIMIT_MS,
);

test(
  'a data directory that cannot be written stops the start with a sentence',
  async () => {
    await Bun.write(join(home.path, 'file'), '');
    const refused = await Program.start({ data: join(home.path, 'file', 'data') }).then(
      () => 'it started',
      String,
    );
    expect(refused).toMatch(
      /^entrepot: the data directory .*\/file\/data cannot be written; entrepot doctor says more/m,
    );
    const { code, stdout } = await entrepot(['doctor', '--data', join(home.path, 'file', 'data')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('cannot be made in') });
  },
  LIMIT_MS,
);
