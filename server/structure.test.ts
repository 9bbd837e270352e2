import { describe, expect, it } from 'bun:test';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { PERMISSIONS } from './core/permissions.ts';
import { FORMATS } from './formats/index.ts';

const ROOT = join(import.meta.dir, '..');

/** Who may import whom; the same table is in docs/architecture.md. A folder absent from a row is forbidden to it. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'server/core': [],
  'server/lib': ['server/core'],
  'server/formats': ['server/core', 'server/lib'],
  'server/modes': ['server/core', 'server/lib'],
  'server/stores': ['server/core', 'server/lib'],
  'server/iam': ['server/core', 'server/lib'],
  'server/outbound': ['server/core', 'server/lib'],
  'server/upstream': ['server/core', 'server/lib', 'server/outbound'],
  'server/http': ['server/core', 'server/lib'],
  'server/api': ['server/core', 'server/lib', 'server/http', 'contract'],
  'server/ops': ['server/core', 'server/lib', 'server/stores'],
  'server/retain': ['server/core', 'server/lib'],
  'server/policy': ['server/core', 'server/lib'],
  contract: [],
  cli: ['contract'],
};
const LONGEST = 400;
const LONGEST_TEST = 600;

interface Source {
  readonly path: string;
  readonly text: string;
}

const sources: readonly Source[] = ['server', 'contract', 'cli', 'bin'].flatMap((folder) =>
  [...new Bun.Glob('**/*.ts').scanSync(join(ROOT, folder))]
    .filter((name) => !name.includes('node_modules'))
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(ROOT, folder, name), 'utf8') })),
);
const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || /^(?:server|cli)\/testing\//.test(path);
const production = sources.filter(({ path }) => !isTest(path));

const formatOf = (path: string): string | undefined => /^server\/formats\/([^/]+)\//.exec(path)?.[1];

/** The row of the table that a file belongs to; the composition root's own files belong to none. */
const folderOf = (path: string): string | undefined =>
  Object.keys(ALLOWED).find((folder) => path.startsWith(`${folder}/`));

function importsOf({ path, text }: Source): readonly string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(
    ([, to = '']) => to,
  );
  return specifiers.map((to) => normalize(join(dirname(path), to)));
}

/** Without comments and strings of more than a word, where a name is only talked about. */
const code = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'[^'\n]* [^'\n]*'|`[^`]*`/g, '');

describe('the structure', () => {
  it('lets no folder reach past its neighbours', () => {
    const trespasses = production.flatMap((source) => {
      const from = folderOf(source.path);
      if (from === undefined) return [];
      return importsOf(source)
        .filter((to) => {
          const folder = folderOf(to);
          if (folder === from || to === 'package.json') return false;
          return folder === undefined || !ALLOWED[from]?.includes(folder);
        })
        .map((to) => `${source.path} imports ${to}`);
    });
    expect(trespasses).toEqual([]);
  });

  it('keeps one format from another', () => {
    const trespasses = production.flatMap((source) => {
      const format = formatOf(source.path);
      if (format === undefined) return [];
      return importsOf(source).filter((to) => to.startsWith('server/formats/') && formatOf(to) !== format);
    });
    expect(trespasses).toEqual([]);
  });

  it('keeps the words of modes out of formats, and the names of formats out of everything shared', () => {
    const modes = production
      .filter(({ path }) => path.startsWith('server/formats/'))
      .filter(({ text }) => /\b(remote|virtual|standard)\w*\b/i.test(code(text)))
      .map(({ path }) => path);
    const ids = FORMATS.flatMap(({ id, label }) => [id, label, 'oci']);
    const named = new RegExp(`['"](?:${ids.join('|')})['"]`, 'i');
    const formats = production
      .filter(({ path }) => /^server\/(?:core|lib|modes|http|stores|iam|api|ops|retain)\//.test(path))
      .filter(({ text }) => named.test(code(text)))
      .map(({ path }) => path);
    expect({ modes, formats }).toEqual({ modes: [], formats: [] });
  });

  it('keeps files small enough to read', () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: linesOfCode(text) }))
      .filter(({ path, lines }) => lines > (isTest(path) ? LONGEST_TEST : LONGEST));
    expect(long).toEqual([]);
  });

  it('gives every idea one file with a name that says it', () => {
    // A credential helper is what Docker calls one.
    const vague = production
      .map(({ path }) => path.replace('credential-helper', ''))
      .filter((path) => /(?:^|[/-])(?:utils?|helpers?|common|manager|misc)(?:[.-]|$)/.test(path));
    expect(vague).toEqual([]);
  });
});

it('has the files that docs/architecture.md names', () => {
  const paths = new Set(sources.map(({ path }) => path));
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const named = [...page.matchAll(/`((?:\w[\w-]*\/)+[\w.-]+\.ts)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !paths.has(path) && !paths.has(`server/${path}`))).toEqual([]);
});

describe.each(FORMATS.map((format) => [format.id, format] as const))('the routes of %s', (_, format) => {
  it('each declare a permission that exists', () => {
    const known: readonly string[] = PERMISSIONS;
    expect(format.routes.filter(({ permission }) => !known.includes(permission))).toEqual([]);
  });

  it('ask for more than a right to read wherever they write', () => {
    const writes = format.routes.filter((route) => route.kind === 'command' && route.method !== 'GET');
    const open = writes.filter(
      ({ permission }) => permission === 'artifactregistry.repositories.downloadArtifacts',
    );
    expect(open).toEqual([]);
  });

  it('are these', () => {
    const table = format.routes.map((route) => {
      const verb = route.kind === 'command' ? route.method : 'GET';
      return `${verb.padEnd(6)} ${route.path}  [${route.permission}]`;
    });
    expect(table.join('\n')).toMatchSnapshot();
  });
});

function linesOfCode(text: string): number {
  const withoutComments = text.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return withoutComments.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'))
    .length;
}
