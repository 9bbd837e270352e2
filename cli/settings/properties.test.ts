import { describe, expect, it } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../io.ts';
import { Person } from '../testing/scripted-io.ts';

describe('settings', () => {
  it('are set, read, listed and forgotten', async () => {
    await using person = await Person.arrive();

    expect(await person.run('config set project shop')).toMatchObject({
      exit: 0,
      stderr: 'Updated property [core/project].\n',
    });
    await person.run('config set artifacts/location us');

    expect(await person.run('config get-value project')).toMatchObject({ exit: 0, stdout: 'shop\n' });
    expect(JSON.parse((await person.run('config list --format=json')).stdout)).toEqual([
      { name: 'project', section: 'core', value: 'shop' },
      { name: 'location', section: 'artifacts', value: 'us' },
    ]);
    await person.run('config unset core/project');
    expect(await person.run('config get project')).toEqual({ exit: 0, stdout: '', stderr: '(unset)\n' });
  });

  it.each([
    ['config set projct x', 'did you mean core/project?'],
    ['config set location us', 'did you mean artifacts/location?'],
    ['config set core/disable_prompts maybe', 'neither true nor false'],
    ['config set server http://u:p@host', 'holds no user and password'],
    ['config set server ftp://host', 'is not the address of a server'],
  ])('%s is refused', async (line, words) => {
    await using person = await Person.arrive();

    const ran = await person.run(line);

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(words);
  });

  it.each([
    ['localhost:8080', 'http://localhost:8080'],
    ['registry.example.com', 'https://registry.example.com'],
    ['http://registry.example.com/', 'http://registry.example.com'],
    ['https://example.com/registry/', 'https://example.com/registry'],
    ['127.0.0.1:9', 'http://127.0.0.1:9'],
  ])('the server %s is %s', async (written, address) => {
    await using person = await Person.arrive();
    await person.run(['config', 'set', 'server', written]);

    expect((await person.run('config get-value server')).stdout).toBe(`${address}\n`);
  });

  it('prefer the flag to the environment, and that to the file', async () => {
    const asked: string[] = [];
    const fetch: Io['fetch'] = async (request) => {
      asked.push(request.url);
      return Response.json({});
    };
    await using person = await Person.arrive({ fetch });
    await person.run('config set project from-file');
    const env = { ENTREPOT_PROJECT: 'from-env', ENTREPOT_SERVER: 'http://from-env' };

    await person.run('artifacts locations list');
    await person.run('artifacts locations list', { env });
    await person.run('artifacts locations list --project=from-flag --server=http://from-flag', { env });

    expect(asked.map((url) => url.replace(/\?.*/, ''))).toEqual([
      'http://localhost:8080/v1/projects/from-file/locations',
      'http://from-env/v1/projects/from-env/locations',
      'http://from-flag/v1/projects/from-flag/locations',
    ]);
  });

  it('are kept where the environment says', async () => {
    await using person = await Person.arrive();
    await person.run('config set project a');
    await person.run('config set project b', { env: { XDG_CONFIG_HOME: join(person.home, 'xdg') } });
    await person.run('config set project c', { env: { ENTREPOT_CONFIG: join(person.home, 'own') } });

    const stored = async (path: string) => JSON.parse(await readFile(join(person.home, path), 'utf8'));
    expect(await stored('.config/entrepot/settings.json')).toEqual({ core: { project: 'a' } });
    expect(await stored('xdg/entrepot/settings.json')).toEqual({ core: { project: 'b' } });
    expect(await stored('own/settings.json')).toEqual({ core: { project: 'c' } });
  });

  it('a damaged file is named, and not overwritten', async () => {
    await using person = await Person.arrive();
    const file = join(person.home, 'settings.json');
    await Bun.write(file, '{"core":');

    const ran = await person.run('config set project a', { env: { ENTREPOT_CONFIG: person.home } });

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain(`${file} is not JSON`);
    expect(await readFile(file, 'utf8')).toBe('{"core":');
  });
});
