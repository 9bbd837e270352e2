import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GoClient } from '../../../server/testing/go.ts';
import { HOST, temporary } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

let registry: TestRegistry;
let admin: Person;
let directory: string;
beforeAll(async () => {
  directory = await temporary();
  registry = await TestRegistry.start();
  admin = await registry.admin();
  await run('artifacts repositories create modules --repository-format=go');
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const run = (line: string) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1']);

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(directory, crypto.randomUUID());
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}
const upload = (module: string, version: string, folder: string) =>
  run(
    `artifacts go upload --repository=modules --module-path=${module} --version=${version} --source=${folder}`,
  );

/** Names of what is in a zip, from its list at the end. */
function namesIn(zip: Uint8Array): readonly string[] {
  const bytes = Buffer.from(zip);
  const names: string[] = [];
  let at = bytes.readUInt32LE(bytes.length - 6);
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const length = bytes.readUInt16LE(at + 28);
    names.push(bytes.toString('utf8', at + 46, at + 46 + length));
    at += 46 + length;
  }
  return names;
}

describe('artifacts go upload', () => {
  it('packs what the go command would', async () => {
    const folder = await folderOf({
      'go.mod': 'module example.com/Acme/cli\n\ngo 1.24\n',
      'lib.go': 'package cli\n',
      'deep/er/file.go': 'package er\n',
      'ünïcode.txt': 'ü',
      '.hidden/file': '',
      '.git/config': 'no',
      'inner/go.mod': 'module example.com/inner\n',
      'inner/inner.go': 'package inner\n',
      'vendor/modules.txt': 'no',
      'vendor/example.com/other/other.go': 'package other\n',
      'pkg/vendor/vendor.go': 'package vendor\n',
      '.hg_archival.txt': 'no',
    });
    await symlink('lib.go', join(folder, 'link.go'));

    const { exit, stderr } = await upload('example.com/Acme/cli', 'v1.0.0', folder);

    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: expect.stringContaining('Uploaded [example.com/Acme/cli@v1.0.0]'),
    });
    const zip = await new GoClient(registry.server, 'modules').send(
      'GET',
      'example.com/%21acme/cli/@v/v1.0.0.zip',
    );
    expect(namesIn(await zip.bytes())).toEqual(
      ['.hidden/file', 'deep/er/file.go', 'go.mod', 'lib.go', 'pkg/vendor/vendor.go', 'ünïcode.txt'].map(
        (path) => `example.com/Acme/cli@v1.0.0/${path}`,
      ),
    );
  });

  it('of an older module keeps what older archives kept', async () => {
    const folder = await folderOf({
      'go.mod': 'module example.com/older\n\ngo 1.23\n',
      'vendor/modules.txt': 'yes',
      'pkg/vendor/vendor.go': 'package vendor\n',
    });
    await upload('example.com/older', 'v1.0.0', folder);
    const zip = await new GoClient(registry.server, 'modules').send('GET', 'example.com/older/@v/v1.0.0.zip');
    expect(namesIn(await zip.bytes())).toEqual(
      ['go.mod', 'vendor/modules.txt'].map((path) => `example.com/older@v1.0.0/${path}`),
    );
  });

  it('is refused in one sentence', async () => {
    const folder = await folderOf({ 'go.mod': 'module example.com/other\n' });
    const refused = await upload('example.com/wrong', 'v1.0.0', folder);
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain('go.mod says that the module is "example.com/other"');
    await upload('example.com/other', 'v1.0.0', folder);
    await writeFile(join(folder, 'more.go'), 'package other\n');
    expect((await upload('example.com/other', 'v1.0.0', folder)).stderr).toContain('already exists');
    expect((await upload('example.com/other', 'v1.0.0', join(folder, 'nothing'))).stderr).toContain(
      'is no folder',
    );
    const empty = join(directory, 'empty');
    await mkdir(empty);
    expect((await upload('example.com/other', 'v1.0.0', empty)).stderr).toContain('has no files of a module');
  });
});

describe('artifacts go auth', () => {
  it('says who asks, in the form of GOAUTH', async () => {
    const { stdout } = await admin.run(['artifacts', 'go', 'auth', 'https://localhost:8080']);
    const [, token = ''] = /^http:\/\/\S+\n\nAuthorization: (Bearer \S+)\n\n$/.exec(stdout) ?? [];
    expect(stdout).toStartWith(`http://${HOST}\n`);
    const path = '/us-central1-go/my-project/modules/example.com/@v/list';
    expect((await registry.server.send('GET', path, { as: token })).status).toBe(404);
  });

  it('refuses without a login', async () => {
    const nobody = await registry.arrive();
    const { exit, stderr } = await nobody.run(['artifacts', 'go', 'auth']);
    expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('there is no login for') });
  });
});
