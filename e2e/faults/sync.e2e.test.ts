import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { noise } from '../fixtures/noise.ts';
import { digestOf } from '../harness/oci.ts';
import { describeWith } from '../harness/needs.ts';
import { sharedScratch } from '../harness/shared-scratch.ts';
import { blobKey, Ledger, manifestKey, tagKey } from './ledger.ts';
import { entrepot, Program } from './program.ts';
import { type Document, imageDocument, Registry } from './registry.ts';
import { failSyncs, reasonAgainstTracing } from './strace.ts';
import { verify } from './verify.ts';

const LIMIT_MS = 120_000;

const home = sharedScratch('sync');

const noTracing = await reasonAgainstTracing();
if (noTracing !== undefined) console.warn(`skipped tests of failing syncs: ${noTracing}`);

interface Pushed extends AsyncDisposable {
  readonly program: Program;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly document: Document;
}

/** A server with one image under two tags. */
async function pushed(data: string): Promise<Pushed> {
  const program = await Program.start({ data });
  const registry = await Registry.login(program.url);
  const ledger = new Ledger();
  const config = noise(1, 40_000);
  const document = imageDocument({ config, layers: [] });
  ledger.contents.set(digestOf(config), config);
  ledger.contents.set(document.digest, document.bytes);
  const change = ledger.begin('the image', [
    [blobKey('kept', digestOf(config)), digestOf(config)],
    [manifestKey('kept', document.digest), document.digest],
    [tagKey('kept', 'one'), document.digest],
    [tagKey('kept', 'two'), document.digest],
  ]);
  expect((await registry.pushBlob('kept', config)).status).toBe(201);
  expect((await registry.putManifest('kept', 'one', document, ['two'])).status).toBe(201);
  ledger.acknowledge(change);
  return { program, registry, ledger, document, [Symbol.asyncDispose]: () => program.kill() };
}

describeWith('when a sync fails', ['strace'], () => {
  test.skipIf(noTracing !== undefined)(
    'a push fails, leaves nothing, and the next one works',
    async () => {
      await using server = await pushed(join(home.path, 'blob'));
      const { program, registry, ledger } = server;
      const bytes = noise(2, 100_000);
      ledger.contents.set(digestOf(bytes), bytes);
      const upload = await registry.begin('kept');
      const push = () => ledger.begin('the push', [[blobKey('kept', digestOf(bytes)), digestOf(bytes)]]);

      push();
      {
        await using _ = await failSyncs(program.pid);
        expect((await registry.pushBlob('kept', bytes)).status).toBe(503);
        expect((await registry.append(upload, bytes, 0)).status).toBe(503);
        await verify(registry, ledger);
      }
      expect(ledger.allowed(blobKey('kept', digestOf(bytes)))).toEqual([undefined]);
      // The bytes whose sync failed are not trusted again.
      expect((await registry.send('GET', upload)).status).toBe(404);

      const again = push();
      expect((await registry.pushBlob('kept', bytes)).status).toBe(201);
      ledger.acknowledge(again);
      await verify(registry, ledger);
      expect(await (await registry.must(200, 'GET', '/readyz')).text()).toBe('ok\n');
    },
    LIMIT_MS,
  );

  test.skipIf(noTracing !== undefined)(
    'of the directory that names the bytes, the push fails too, and the next one works',
    async () => {
      const data = join(home.path, 'directory');
      await using server = await pushed(data);
      const { program, registry, ledger } = server;
      const bytes = noise(4, 100_000);
      const digest = digestOf(bytes);
      ledger.contents.set(digest, bytes);
      const push = () => ledger.begin('the push', [[blobKey('kept', digest), digest]]);

      push();
      {
        const shard = join(data, 'blobs', 'sha256', digest.slice('sha256:'.length, 'sha256:'.length + 2));
        await using _ = await failSyncs(program.pid, shard);
        expect((await registry.pushBlob('kept', bytes)).status).toBe(503);
        await verify(registry, ledger);
      }
      expect(ledger.allowed(blobKey('kept', digest))).toEqual([undefined]);

      const again = push();
      expect((await registry.pushBlob('kept', bytes)).status).toBe(201);
      ledger.acknowledge(again);
      await verify(registry, ledger);
      expect(await program.stop()).toBe(0);
      expect((await entrepot(['doctor', '--data', data, '--deep', '--reserve', '1MiB'])).code).toBe(0);
    },
    LIMIT_MS,
  );

  test.skipIf(noTracing !== undefined)(
    'of the database, the server takes no more writes, says so, reads on, and is whole after a restart',
    async () => {
      const data = join(home.path, 'database');
      await using server = await pushed(data);
      const { program, registry, ledger, document } = server;

      ledger.begin('the removal', [[tagKey('kept', 'one'), undefined]]);
      {
        await using _ = await failSyncs(program.pid);
        const answer = await registry.deleteManifest('kept', 'one');
        expect({ status: answer.status, retry: answer.headers.get('retry-after') }).toEqual({
          status: 503,
          retry: '60',
        });
      }
      // The disk works again, but nobody knows what of the database is on it.
      const WHY = /can no longer write its database safely and takes no writes until it is restarted/;
      for (const refused of [
        await registry.deleteManifest('kept', 'two'),
        await registry.putManifest('kept', 'three', document),
        await registry.pushBlob('kept', noise(3, 1000)),
      ]) {
        expect(refused.status).toBe(503);
        expect(await refused.text()).toMatch(WHY);
      }
      const readiness = await registry.must(503, 'GET', '/readyz');
      expect(await readiness.text()).toMatch(WHY);
      expect(await (await registry.must(200, 'GET', '/metrics')).text()).toMatch(
        /^entrepot_database_works 0$/m,
      );
      await registry.must(200, 'GET', '/healthz');
      await verify(registry, ledger);
      const doctor = await entrepot(['doctor', '--data', data, '--listen', program.host]);
      expect({ code: doctor.code, stdout: doctor.stdout }).toEqual({
        code: 1,
        stdout: expect.stringMatching(WHY),
      });

      expect(await program.stop()).toBe(0);
      await using next = await Program.start({ data });
      const after = registry.at(next.url);
      // Not acknowledged and not refused for good: it may be there now.
      ledger.begin('the removal', [[tagKey('kept', 'one'), undefined]]);
      await verify(after, ledger);
      expect((await after.putManifest('kept', 'one', document)).status).toBe(201);
      expect((await entrepot(['doctor', '--data', data, '--deep'])).code).toBe(0);
    },
    LIMIT_MS,
  );
});
