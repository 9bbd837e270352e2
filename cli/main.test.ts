import { describe, expect, it } from 'bun:test';
import type { Io } from './io.ts';
import { OutputClosed } from './io.ts';
import { main } from './main.ts';
import { Person } from './testing/scripted-io.ts';

/** A server that answers everything with one refusal. */
const refusing =
  (code: number, status: string, message: string): Io['fetch'] =>
  async () =>
    Response.json({ error: { code, status, message } }, { status: code });

const list = 'artifacts repositories list --project=p --location=us';

describe('exit codes', () => {
  it.each([
    [404, 'NOT_FOUND', 3],
    [401, 'UNAUTHENTICATED', 4],
    [403, 'PERMISSION_DENIED', 4],
    [409, 'ALREADY_EXISTS', 5],
    [409, 'ABORTED', 5],
    [400, 'FAILED_PRECONDITION', 5],
    [400, 'INVALID_ARGUMENT', 1],
    [503, 'UNAVAILABLE', 6],
    [429, 'RESOURCE_EXHAUSTED', 6],
    [500, 'DATA_LOSS', 7],
    [500, 'INTERNAL', 1],
  ] as const)('a %i %s ends with %i and the words of the server', async (status, code, exit) => {
    await using person = await Person.arrive({ fetch: refusing(status, code, 'the words') });

    const ran = await person.run(list);

    expect(ran).toMatchObject({ exit, stdout: '' });
    expect(ran.stderr).toContain('ERROR: (entrepot.artifacts.repositories.list) the words');
  });

  it('a wrong command line ends with 2 and how the command is written', async () => {
    await using person = await Person.arrive();

    const ran = await person.run('config set project');

    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toBe(
      'ERROR: (entrepot.config.set) VALUE is missing: The value.\nUsage: entrepot config set PROPERTY VALUE\n',
    );
  });

  it('a missing setting ends with 2 and both ways to give it', async () => {
    await using person = await Person.arrive();

    const ran = await person.run('projects describe p --server=ftp://x');

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('is not the address of a server');
  });

  it('no server ends with 6, the address that was tried and two ways on', async () => {
    await using person = await Person.arrive();

    const ran = await person.run('projects list');

    expect(ran.exit).toBe(6);
    expect(ran.stderr).toBe(
      'ERROR: (entrepot.projects.list) cannot reach a server at http://localhost:8080 (connection refused); start one ' +
        'with "entrepot serve", or name another with --server, ENTREPOT_SERVER or "entrepot config set server URL"\n',
    );
  });

  it.each([
    ['ConnectionRefused', 'connection refused', 'entrepot serve'],
    ['ENOTFOUND', 'there is no such host', 'misspelling'],
    ['EPROTO', 'the TLS handshake failed', 'does it speak https?'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'signed by itself', 'NODE_EXTRA_CA_CERTS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NODE_EXTRA_CA_CERTS'],
    ['', 'no answer', 'entrepot serve'],
  ])('no answer because of %j says %j and what to do', async (code, why, advice) => {
    const fetch = () => Promise.reject(Object.assign(new Error('no'), { code }));
    await using person = await Person.arrive({ fetch });

    const ran = await person.run('projects list');

    expect(ran.exit).toBe(6);
    expect(ran.stderr).toContain(why);
    expect(ran.stderr).toContain(advice);
  });

  it.each(['who are you', 'who are you.'])('a 401 that says "%s" says how to log in', async (said) => {
    await using person = await Person.arrive({ fetch: refusing(401, 'UNAUTHENTICATED', said) });

    expect((await person.run('projects list')).stderr).toContain(
      'who are you; log in with "entrepot auth login"',
    );
  });

  it('an answer from something else says so', async () => {
    await using person = await Person.arrive({ fetch: async () => new Response('<html>', { status: 404 }) });

    const ran = await person.run('projects list');

    expect(ran).toMatchObject({ exit: 3 });
    expect(ran.stderr).toContain('is it an Entrepot server?');
  });

  it('a refusal cannot steer the terminal', async () => {
    const fetch = refusing(404, 'NOT_FOUND', 'gone\u001B[2J\r\nERROR: fine');
    await using person = await Person.arrive({ fetch });

    expect((await person.run('projects list')).stderr).toBe(
      'ERROR: (entrepot.projects.list) gone\uFFFD[2J\uFFFD ERROR: fine\n',
    );
  });

  it('a closed standard output is no failure and says nothing', async () => {
    const said: string[] = [];
    const closed = { isTerminal: false, columns: 80, write: () => Promise.reject(new OutputClosed()) };
    const stderr = { ...closed, write: async (text: string) => void said.push(text) };
    const stdin = { isTerminal: false, text: async () => '', line: async () => undefined };
    const outside = { program: 'entrepot', env: {}, home: '/nowhere', stdin, stdout: closed, stderr };

    const exit = await main(['version'], {
      ...outside,
      now: () => 0,
      fetch: () => Promise.reject(new Error('no')),
      sleep: () => Promise.resolve(),
      interrupt: () => new AbortController().signal,
    });

    expect({ exit, said }).toEqual({ exit: 0, said: [] });
  });
});

const gone: Io['fetch'] = async () => new Response('{}');

describe('a question', () => {
  it.each([
    ['y', 0],
    ['', 0],
    ['what\nYES', 0],
    ['n', 8],
    ['no', 8],
  ])('answered %p ends with %i', async (input, exit) => {
    await using person = await Person.arrive({ fetch: gone, terminal: true });

    const ran = await person.run('projects delete p', { input });

    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toContain('Do you want to continue (Y/n)?');
  });

  it.each([
    ['projects delete p', { terminal: false }],
    ['projects delete p --quiet', { terminal: true }],
  ])('is not asked by %s %j', async (line, script) => {
    await using person = await Person.arrive({ fetch: gone, ...script });

    const ran = await person.run(line);

    expect(ran.exit).toBe(0);
    expect(ran.stderr).not.toContain('continue');
  });
});

const rows: Io['fetch'] = async () =>
  Response.json({ projects: [{ projectId: 'a\u001B[2Jb' }, { projectId: 'c' }] });

describe('what is said', () => {
  it('keeps standard output for the answer', async () => {
    await using person = await Person.arrive({ fetch: async () => Response.json({}) });

    expect(await person.run(`${list} --format=json`)).toEqual({
      exit: 0,
      stdout: '[]\n',
      stderr: 'Listing items under project p, location us.\n\nListed 0 items.\n',
    });
    expect(await person.run(`${list} --format=json --quiet`)).toEqual({
      exit: 0,
      stdout: '[]\n',
      stderr: '',
    });
    expect(await person.run(`${list} --verbosity=error`)).toEqual({ exit: 0, stdout: '', stderr: '' });
  });

  it('shows each request with --verbosity=debug', async () => {
    await using person = await Person.arrive({ fetch: rows });

    const ran = await person.run('projects list --verbosity=debug');

    expect(ran.stderr).toContain('DEBUG: GET http://localhost:8080/v1/projects?pageSize=1000 200 0ms');
  });

  it('lets no text of the server steer the terminal, and leaves it as it is elsewhere', async () => {
    await using person = await Person.arrive({ fetch: rows });
    const line = 'projects list --format=value(projectId)';

    expect((await person.run(line, { terminal: true })).stdout).toBe('a\uFFFD[2Jb\nc\n');
    expect((await person.run(line)).stdout).toBe('a\u001B[2Jb\nc\n');
  });

  it('colours errors on a terminal that has colours', async () => {
    await using person = await Person.arrive();
    const coloured = '\u001B[31;1mERROR:';

    expect((await person.run('projects list', { terminal: true })).stderr).toContain(coloured);
    expect(
      (await person.run('projects list', { terminal: true, env: { NO_COLOR: '1' } })).stderr,
    ).not.toContain(coloured);
    expect((await person.run('projects list')).stderr).not.toContain(coloured);
  });
});

const pages: Io['fetch'] = async (request) => {
  const { searchParams } = new URL(request.url);
  const from = Number(searchParams.get('pageToken') ?? 0);
  const size = Number(searchParams.get('pageSize'));
  const projects = Array.from({ length: size }, (_, at) => ({
    projectId: `p${String(from + at).padStart(2, '0')}`,
  }));
  const next = from + size < 40 ? { nextPageToken: String(from + size) } : {};
  return Response.json({ projects: projects.slice(0, 40 - from), ...next });
};

const ids = async (line: string): Promise<readonly [string, number]> => {
  let calls = 0;
  const fetch: Io['fetch'] = (request) => {
    calls += 1;
    return pages(request);
  };
  await using person = await Person.arrive({ fetch });
  const ran = await person.run(`projects list --format=value(projectId) ${line}`);
  return [ran.stdout.trim().replaceAll('\n', ' '), calls];
};

describe('a list', () => {
  it.each([
    ['--limit=2', 'p00 p01', 1],
    ['--limit=3 --page-size=2', 'p00 p01 p02', 2],
    ['--sort-by=~projectId --limit=2 --page-size=20', 'p39 p38', 2],
    ['--filter=projectId:9 --page-size=10', 'p09 p19 p29 p39', 4],
    ['--filter=projectId:9 --limit=2 --page-size=10', 'p09 p19', 2],
    ['--filter=PROJECT_ID=p05', 'p05', 1],
  ])('%s shows %s after %i requests', async (line, shown, calls) => {
    expect(await ids(line)).toEqual([shown, calls]);
  });

  it('refuses a bad expression before it asks the server', async () => {
    await using person = await Person.arrive({ fetch: () => Promise.reject(new Error('it asked')) });

    const ran = await person.run('projects list --filter=a=b) --format=json');

    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('--filter: nothing more expected [a=b *HERE* )]');
  });

  it('leaves one comparison of names to the server, and does it here when the server declines', async () => {
    const repositories = ['a', 'b'].map((id) => ({ name: `projects/p/locations/us/repositories/${id}` }));
    const asked: (string | null)[] = [];
    const fetch: Io['fetch'] = async (request) => {
      const filter = new URL(request.url).searchParams.get('filter');
      asked.push(filter);
      if (filter?.includes('b')) return refusing(400, 'INVALID_ARGUMENT', 'no filters')(request);
      return Response.json({ repositories });
    };
    await using person = await Person.arrive({ fetch });
    const shown = async (filter: string) =>
      (await person.run([...`${list} --format=value(name.basename())`.split(' '), `--filter=${filter}`]))
        .stdout;

    expect(await shown('name="projects/p/locations/us/repositories/*"')).toBe('a\nb\n');
    expect(await shown('name="projects/p/locations/us/repositories/b"')).toBe('b\n');
    expect(asked).toEqual([
      'name="projects/p/locations/us/repositories/*"',
      'name="projects/p/locations/us/repositories/b"',
      null,
    ]);
  });

  it.each([
    ['--sort-by=~createTime --limit=2', 'pageSize=2&orderBy=createTime+desc'],
    ['--sort-by=CREATE_TIME', 'pageSize=1000&orderBy=createTime'],
    ['--sort-by=name --filter=format:x --limit=2', 'pageSize=1000&orderBy=name'],
    ['--sort-by=~createTime,name', 'pageSize=1000'],
    ['--sort-by=PACKAGE', 'pageSize=1000'],
    ['--sort-by=displayName --limit=2', 'pageSize=1000'],
    ['--limit=3', 'pageSize=3'],
    ['--limit=3 --page-size=7', 'pageSize=7'],
    ['--filter=annotations.a:b --limit=3', 'pageSize=3&filter=annotations.a%3Ab'],
  ])('with %s asks the server for %s', async (line, query) => {
    const asked: string[] = [];
    const fetch: Io['fetch'] = async (request) => {
      asked.push(new URL(request.url).search.slice(1));
      return Response.json({});
    };
    await using person = await Person.arrive({ fetch });

    await person.run(`artifacts packages list --project=p --location=us --repository=r ${line}`);

    expect(asked).toEqual([query]);
  });

  it('sorts here what the server declines to sort', async () => {
    const packages = ['a', 'b'].map((name, at) => ({ name, createTime: `2026-01-0${at + 1}T00:00:00Z` }));
    const fetch: Io['fetch'] = (request) =>
      request.url.includes('orderBy')
        ? refusing(400, 'INVALID_ARGUMENT', 'no order')(request)
        : Promise.resolve(Response.json({ packages }));
    await using person = await Person.arrive({ fetch });
    const place = '--project=p --location=us --repository=r';

    const ran = await person.run(
      `artifacts packages list ${place} --sort-by=~createTime --limit=1 --format=value(name)`,
    );

    expect(ran.stdout).toBe('b\n');
  });
});
