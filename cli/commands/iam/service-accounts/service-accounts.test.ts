import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestServer } from '../../../../server/testing/harness.ts';
import { TestRegistry } from '../../../testing/registry.ts';
import type { Person } from '../../../testing/scripted-io.ts';

const EMAIL = 'builder@my-project.iam.gserviceaccount.com';

let registry: TestRegistry;
let server: TestServer;
let admin: Person;
const env = { ENTREPOT_PROJECT: 'my-project' };
beforeAll(async () => {
  registry = await TestRegistry.start({ env });
  ({ server } = registry);
  admin = await registry.admin();
});
afterAll(() => registry[Symbol.asyncDispose]());

let files = 0;
/** A key file of an account that may see the project, and its path. */
async function keyFile(
  account: string,
): Promise<{ readonly email: string; readonly path: string; readonly id: string }> {
  await admin.done(`iam service-accounts create ${account}`);
  const email = `${account}@my-project.iam.gserviceaccount.com`;
  await server.grant('projects/my-project', 'roles/viewer', `serviceAccount:${email}`);
  files += 1;
  const path = join(admin.home, `key-${files}.json`);
  await admin.done(`iam service-accounts keys create ${path} --iam-account=${email}`);
  const { private_key_id: id } = JSON.parse(await readFile(path, 'utf8')) as { private_key_id: string };
  return { email, path, id };
}

describe('iam service-accounts', () => {
  it('creates, lists, describes, updates, switches and deletes', async () => {
    const texts = ['--display-name=Builds images', '--description=of the shop'];
    const ran = await admin.run(['iam', 'service-accounts', 'create', 'builder', ...texts]);
    expect(ran).toMatchObject({ exit: 0, stdout: '', stderr: `Created service account [${EMAIL}].\n` });
    expect(await admin.done('iam service-accounts list')).toBe(
      `DISPLAY NAME   EMAIL                                       DISABLED\nBuilds images  ${EMAIL}  False\n`,
    );

    await admin.done(`iam service-accounts update ${EMAIL} --display-name=Builder`);
    await admin.done(`iam service-accounts disable ${EMAIL}`);
    const described = JSON.parse(
      await admin.done(`iam service-accounts describe ${EMAIL} --format=json`),
    ) as {
      readonly uniqueId: string;
    };
    expect(described).toMatchObject({ displayName: 'Builder', description: 'of the shop', disabled: true });
    await admin.done(`iam service-accounts enable ${described.uniqueId}`);
    await admin.done(`iam service-accounts delete ${EMAIL} --quiet`);
    expect((await admin.run(`iam service-accounts describe ${EMAIL}`)).exit).toBe(3);
  });

  it.each([
    ['describe builder', '[builder] is not the e-mail of a service account'],
    ['update a@b', 'give --display-name or --description'],
    ['keys create key.json --iam-account=builder', '[builder] is not the e-mail'],
    ['keys list', '--iam-account'],
  ])('%s is not understood', async (line, words) => {
    const ran = await admin.run(`iam service-accounts ${line}`);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });
});

describe('iam service-accounts keys', () => {
  it('create writes a key file for its owner alone, and never over another file', async () => {
    const { email, path, id } = await keyFile('first-key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const content = await readFile(path, 'utf8');
    expect(JSON.parse(content)).toMatchObject({
      type: 'service_account',
      client_email: email,
      token_uri: 'http://localhost:8080/token',
    });

    const again = await admin.run(`iam service-accounts keys create ${path} --iam-account=${email}`);
    expect(again.exit).toBe(5);
    expect(again.stderr).toContain(`${path} exists; remove it, or name another file`);
    expect(await readFile(path, 'utf8')).toBe(content);
    expect(
      await admin.done(
        `iam service-accounts keys list --iam-account=${email} --format=value(name.basename())`,
      ),
    ).toBe(`${id}\n`);
  });

  it('create leaves no file behind where there is no key', async () => {
    const path = join(admin.home, 'no-key.json');
    const nobody = 'nobody@my-project.iam.gserviceaccount.com';
    expect((await admin.run(`iam service-accounts keys create ${path} --iam-account=${nobody}`)).exit).toBe(
      3,
    );
    expect(await Bun.file(path).exists()).toBe(false);
  });

  it('create - writes to standard output', async () => {
    const { email } = await keyFile('to-stdout');
    const output = await admin.done(`iam service-accounts keys create - --iam-account=${email}`);
    expect(JSON.parse(output)).toMatchObject({ client_email: email });
  });

  it('disable, enable and delete take the id', async () => {
    const { email, id, path } = await keyFile('switched-key');
    const flags = `${id} --iam-account=${email}`;
    const ask = (): Promise<string> =>
      admin.done(`iam service-accounts keys list --iam-account=${email} --format=csv[no-heading](disabled)`);
    await admin.done(`iam service-accounts keys disable ${flags}`);
    expect(await ask()).toBe('True\n');
    await admin.done(`iam service-accounts keys enable ${flags}`);
    await admin.done(`iam service-accounts keys delete ${flags}`);
    expect(await ask()).toBe('');

    const program = await registry.arrive();
    const ran = await program.run(`auth activate-service-account --key-file=${path}`);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain('does not take this key');
  });

  it('upload takes the public half and refuses the other', async () => {
    const { email } = await keyFile('uploading');
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const [open, secret] = [join(admin.home, 'public.pem'), join(admin.home, 'private.pem')];
    await Bun.write(open, publicKey.export({ type: 'spki', format: 'pem' }));
    await Bun.write(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const before = registry.asked.length;
    expect((await admin.run(`iam service-accounts keys upload ${secret} --iam-account=${email}`)).exit).toBe(
      2,
    );
    expect(registry.asked).toHaveLength(before);
    expect(
      await admin.done(
        `iam service-accounts keys upload ${open} --iam-account=${email} --format=value(keyOrigin)`,
      ),
    ).toBe('USER_PROVIDED\n');
  });
});

describe('a service account', () => {
  it('logs in with a key file, and goes on getting tokens with it', async () => {
    const { email, path } = await keyFile('activated');
    const program = await registry.arrive();

    const ran = await program.run(`auth activate-service-account ${email} --key-file=${path}`);

    expect(ran.stderr).toBe(`Activated service account credentials for: [${email}]\n`);
    expect((await stat(join(program.home, '.config/entrepot/logins.json'))).mode & 0o777).toBe(0o600);
    const see = 'projects describe my-project --format=value(projectId)';
    const first = await program.done('auth print-access-token');
    expect(await program.done(see)).toBe('my-project\n');
    server.clock.advance(3_600_000);
    expect(await program.done(see)).toBe('my-project\n');
    expect(await program.done('auth print-access-token')).not.toBe(first);
    expect(await program.done('auth list --format=value(account,status)')).toBe(`${email}\tACTIVE\n`);
  });

  it.each([
    ['another account', (path: string) => `other@x.y --key-file=${path}`, 'is a key of'],
    ['no file', () => '--key-file=/nowhere/key.json', 'cannot read the key file'],
    ['a file that is none', () => `--key-file=${import.meta.path}`, 'is not a key file'],
  ])('does not log in with %s', async (name, flags, words) => {
    const { path } = await keyFile(`wrong-${name.replaceAll(/[^a-z]/g, '-').slice(0, 14)}x`);
    const program = await registry.arrive();
    const ran = await program.run(`auth activate-service-account ${flags(path)}`);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  it('is who commands are from, where GOOGLE_APPLICATION_CREDENTIALS names its key file', async () => {
    const { path, email } = await keyFile('environment');
    const program = await registry.arrive({ env: { ...env, GOOGLE_APPLICATION_CREDENTIALS: path } });
    expect(await program.done('auth whoami --format=value(member)')).toBe(`serviceAccount:${email}\n`);
    expect(registry.asked.slice(-2)).toEqual(['/token', '/v1/users/me']);
  });

  it('gives way to the stored login, where the file is for somebody else’s server', async () => {
    const { path } = await keyFile('elsewhere');
    const file = JSON.parse(await readFile(path, 'utf8')) as object;
    const foreign = join(admin.home, 'foreign.json');
    await Bun.write(foreign, JSON.stringify({ ...file, token_uri: 'https://oauth2.googleapis.com/token' }));
    const person = join(admin.home, 'person.json');
    await Bun.write(person, JSON.stringify({ type: 'authorized_user', refresh_token: 'x' }));
    for (const named of [foreign, person]) {
      const ran = await admin.run('auth whoami --format=value(member)', {
        env: { GOOGLE_APPLICATION_CREDENTIALS: named },
      });
      expect(ran).toMatchObject({ exit: 0, stdout: 'user:admin\n' });
    }
  });

  it('is acted as with --impersonate-service-account, one token for all requests of a command', async () => {
    const { email } = await keyFile('impersonated');
    const before = registry.asked.length;
    const flag = `--impersonate-service-account=${email}`;
    expect(await admin.done(`auth whoami --format=value(member) ${flag}`)).toBe(`serviceAccount:${email}\n`);
    expect(registry.asked.slice(before)).toEqual([
      `/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}:generateAccessToken`,
      '/v1/users/me',
    ]);
    const token = await admin.done(`auth print-access-token ${flag}`);
    const shown = await admin.run('auth whoami --format=value(member)', {
      env: { ENTREPOT_ACCESS_TOKEN: token.trim() },
    });
    expect(shown.stdout).toBe(`serviceAccount:${email}\n`);
  });

  it('is not acted as by those who may not', async () => {
    const { email } = await keyFile('not-for-all');
    await server.account('ann');
    const ann = await registry.login('ann');
    const ran = await ann.run(`projects list --impersonate-service-account=${email}`);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain('iam.serviceAccounts.getAccessToken');
  });

  it('logs container tools in with its key file as a password', async () => {
    const { email, path } = await keyFile('for-docker');
    const program = await registry.arrive();
    await program.done('auth configure-docker --quiet');
    for (const [user, secret] of [
      ['_json_key', await readFile(path, 'utf8')],
      ['_json_key_base64', Buffer.from(await readFile(path)).toString('base64')],
    ]) {
      const input = JSON.stringify({ ServerURL: 'localhost:8080', Username: user, Secret: secret });
      expect(await program.run('docker-credential store', { input })).toMatchObject({ exit: 0 });
      expect(await program.done('auth whoami --format=value(member)')).toBe(`serviceAccount:${email}\n`);
    }
  });
});
