import { afterAll, beforeAll, expect, test } from 'bun:test';
import { basename, join } from 'node:path';
import type { Stage } from './clients/client.ts';
import { openHelm } from './clients/helm.ts';
import { orasIn } from './clients/oras.ts';
import { newStage } from './clients/stage.ts';
import { noise } from './fixtures/noise.ts';
import { describeWith } from './harness/needs.ts';
import { digestOf, parseManifest } from './harness/oci.ts';
import { readStored, type Stored } from './harness/registry.ts';
import { type Scratch, scratch } from './harness/scratch.ts';
import { type Server, startServer } from './harness/server.ts';

const LIMIT_MS = 300_000;

let server: Server;
let space: Scratch;

beforeAll(async () => {
  space = await scratch('artifacts');
  server = await startServer();
  await server.createDockerRepository('artifacts');
}, LIMIT_MS);

afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, LIMIT_MS);

const stage = (name: string): Promise<Stage> => newStage(space, server.host, name);

const address = (name: string): string => `${server.host}/${server.repositoryPath('artifacts')}/${name}`;
const sha256OfFile = async (path: string): Promise<string> => digestOf(await Bun.file(path).bytes());
const rootManifest = ({ root, contents }: Stored): ReturnType<typeof parseManifest> =>
  parseManifest(contents.get(root.digest) ?? new Uint8Array());

async function orasLoggedIn(): Promise<{ readonly at: Stage; readonly oras: ReturnType<typeof orasIn> }> {
  const at = await stage('oras');
  const oras = orasIn(at);
  const login = ['login', '--plain-http', at.host, '--username', server.username, '--password-stdin'];
  await oras(login, { stdin: server.password });
  return { at, oras };
}

describeWith('helm', ['helm'], () => {
  test(
    'pushes a chart and pulls the same archive back',
    async () => {
      const helm = openHelm(await stage('helm'));
      await helm.login(server);
      const archive = await helm.package({ name: 'shop', version: '1.2.3' });
      const digest = await helm.push(archive, address('charts'));
      const stored = await readStored(server.image('artifacts', 'charts/shop'), '1.2.3');
      expect(stored.root.digest).toBe(digest);
      expect(rootManifest(stored).config?.mediaType).toBe('application/vnd.cncf.helm.config.v1+json');
      const pulled = await helm.pull(address('charts/shop'), '1.2.3');
      expect(basename(pulled)).toBe('shop-1.2.3.tgz');
      expect(await sha256OfFile(pulled)).toBe(await sha256OfFile(archive));
    },
    LIMIT_MS,
  );

  test(
    'finds the newest version through the tag list and renders it',
    async () => {
      const helm = openHelm(await stage('helm'));
      await helm.login(server);
      for (const version of ['1.9.0', '1.10.0', '1.2.0', '2.0.0-rc.1'])
        await helm.push(await helm.package({ name: 'shelf', version }), address('charts'));
      expect(await helm.show(address('charts/shelf'))).toContain('version: 1.10.0');
      expect(await helm.show(address('charts/shelf'), '~1.9')).toContain('version: 1.9.0');
      expect(await helm.render(address('charts/shelf'), 'autumn')).toContain('hello autumn');
    },
    LIMIT_MS,
  );

  test(
    'keeps a version with build metadata, whose plus sign no tag can hold',
    async () => {
      const helm = openHelm(await stage('helm'));
      await helm.login(server);
      const archive = await helm.package({ name: 'plus', version: '1.0.0+build.7' });
      await helm.push(archive, address('charts'));
      const pulled = await helm.pull(address('charts/plus'), '1.0.0+build.7');
      expect(await sha256OfFile(pulled)).toBe(await sha256OfFile(archive));
    },
    LIMIT_MS,
  );

  test(
    'is refused with a wrong password',
    async () => {
      const helm = openHelm(await stage('helm'));
      const wrong = { username: server.username, password: 'wrong' };
      expect(await helm.login(wrong).then(String, String)).toMatch(/401|unauthorized/i);
    },
    LIMIT_MS,
  );
});

describeWith('oras, with artifacts', ['oras'], () => {
  const BOM = 'application/vnd.example.bom';
  const SIGNATURE = 'application/vnd.example.signature';

  interface Discovered {
    readonly digest: string;
    readonly referrers: readonly { readonly digest: string; readonly artifactType: string }[];
  }

  test(
    'pushes files of any type and pulls the same files back',
    async () => {
      const { at, oras } = await orasLoggedIn();
      await Bun.write(join(at.directory, 'model.bin'), noise(11, 3_000_000));
      await Bun.write(join(at.directory, 'notes.txt'), 'read me\n');
      const files = ['model.bin:application/octet-stream', 'notes.txt:text/plain'];
      const push = ['push', '--plain-http', '--artifact-type', 'application/vnd.example.model'];
      await oras([...push, address('model:1,latest'), ...files], { cwd: at.directory });

      const stored = await readStored(server.image('artifacts', 'model'), 'latest');
      expect(rootManifest(stored).artifactType).toBe('application/vnd.example.model');
      const output = join(at.directory, 'output');
      await oras(['pull', '--plain-http', '--output', output, address('model:1')]);
      for (const file of ['model.bin', 'notes.txt'])
        expect(await sha256OfFile(join(output, file))).toBe(await sha256OfFile(join(at.directory, file)));
    },
    LIMIT_MS,
  );

  test(
    'attaches artifacts that the registry itself lists by type, without a fallback tag',
    async () => {
      const { at, oras } = await orasLoggedIn();
      await Bun.write(join(at.directory, 'file.txt'), 'content\n');
      const target = address('attached:1');
      await oras(['push', '--plain-http', target, 'file.txt:text/plain'], { cwd: at.directory });
      const attach = async (type: string): Promise<string> => {
        const flags = ['--plain-http', '--artifact-type', type, '--format', 'json'];
        const printed = await oras(['attach', ...flags, target, 'file.txt:text/plain'], {
          cwd: at.directory,
        });
        return (JSON.parse(printed) as { readonly digest: string }).digest;
      };
      const bom = await attach(BOM);
      const signature = await attach(SIGNATURE);
      const discover = async (...filter: readonly string[]): Promise<readonly string[]> => {
        const printed = await oras(['discover', '--plain-http', '--format', 'json', ...filter, target]);
        return (JSON.parse(printed) as Discovered).referrers.map(({ digest }) => digest);
      };

      expect(new Set(await discover('--distribution-spec', 'v1.1-referrers-api'))).toEqual(
        new Set([bom, signature]),
      );
      expect(await discover('--artifact-type', BOM)).toEqual([bom]);
      expect(await oras(['repo', 'tags', '--plain-http', address('attached')])).toBe('1\n');

      const copied = address('elsewhere/attached:1');
      await oras(['cp', '--recursive', '--from-plain-http', '--to-plain-http', target, copied]);
      const there = await oras(['discover', '--plain-http', '--format', 'json', copied]);
      expect((JSON.parse(there) as Discovered).referrers).toHaveLength(2);
    },
    LIMIT_MS,
  );

  test(
    'tags, pushes and deletes single blobs, and lists repositories',
    async () => {
      const { at, oras } = await orasLoggedIn();
      await Bun.write(join(at.directory, 'file.txt'), 'one blob\n');
      const [path, digest] = [join(at.directory, 'file.txt'), digestOf('one blob\n')];
      await oras(['push', '--plain-http', address('single:1'), 'file.txt:text/plain'], { cwd: at.directory });
      await oras(['tag', '--plain-http', address('single:1'), 'two', 'three']);
      const tags = await oras(['repo', 'tags', '--plain-http', address('single')]);
      expect(tags.trim().split('\n')).toEqual(['1', 'three', 'two']);
      await oras(['blob', 'push', '--plain-http', address(`loose@${digest}`), path]);
      const fetched = await oras([
        'blob',
        'fetch',
        '--plain-http',
        '--output',
        '-',
        address(`loose@${digest}`),
      ]);
      expect(fetched).toBe('one blob\n');
      await oras(['blob', 'delete', '--plain-http', '--force', address(`loose@${digest}`)]);
      const gone = oras(['blob', 'fetch', '--plain-http', '--output', '-', address(`loose@${digest}`)]);
      expect(await gone.then(String, String)).toMatch(/not found/);
      const listed = await oras(['repo', 'ls', '--plain-http', at.host]);
      expect(listed.split('\n')).toContain(`${server.repositoryPath('artifacts')}/single`);
    },
    LIMIT_MS,
  );
});
