import { describe, expect, it } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseFormat } from '../output/format-spec.ts';
import { parse } from '../grammar/parse.ts';
import { referencePage } from '../reference.ts';
import { Person } from '../testing/scripted-io.ts';
import { TOPICS } from '../topics.ts';
import { COMMANDS, root } from './index.ts';

const groups = (): readonly string[] => [
  ...new Set(
    COMMANDS.flatMap(({ path }) =>
      path
        .split(' ')
        .slice(0, -1)
        .map((_, at, words) => words.slice(0, at + 1).join(' ')),
    ),
  ),
];

describe('help', () => {
  it.each(['', ...groups(), ...COMMANDS.map(({ path }) => path)].map((path) => [path]))(
    'entrepot %s',
    async (path) => {
      await using person = await Person.arrive();

      const ran = await person.run([...path.split(' ').filter((word) => word !== ''), '--help']);

      expect(ran).toMatchObject({ exit: 0, stderr: '' });
      expect(ran.stdout).toMatchSnapshot();
      expect(await person.run(['help', ...path.split(' ').filter((word) => word !== '')])).toMatchObject({
        stdout: ran.stdout,
      });
    },
  );

  it.each(Object.keys(TOPICS).map((topic) => [topic]))('about %s', async (topic) => {
    await using person = await Person.arrive();

    const ran = await person.run(['help', topic]);

    expect(ran.exit).toBe(0);
    expect(ran.stdout).toMatchSnapshot();
  });

  it('of a misspelt command names the one that was meant', async () => {
    await using person = await Person.arrive();

    expect((await person.run('help artifacts repositories crate')).stderr).toContain(
      'did you mean "entrepot help artifacts repositories create"?',
    );
  });

  it('without a command is shown on standard error, as a mistake', async () => {
    await using person = await Person.arrive();

    const ran = await person.run('artifacts docker');

    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toContain('entrepot artifacts docker: Container images.');
  });
});

describe('every command', () => {
  it.each(COMMANDS.map((command) => [command.path, command] as const))(
    '%s says what it does, in one sentence',
    (_, command) => {
      expect(command.summary).toMatch(/^[A-Z].*\.$/s);
      if (command.format !== 'text') expect(() => parseFormat(command.format)).not.toThrow();
    },
  );

  it.each(
    COMMANDS.flatMap(({ examples = [] }) => examples).flatMap(({ line }) =>
      line.split(/\| |<\(|\)$/).flatMap((part) => (part.startsWith('entrepot ') ? [[part]] : [])),
    ),
  )('has an example that can be typed: %s', (line) => {
    const words = [...line.replace(/<.*/, '').matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(
      ([word]) => word,
    );

    expect(
      parse(
        root(),
        words.slice(1).map((word) => word.replaceAll(/['"]/g, '')),
      ).kind,
    ).toBe('run');
  });
});

it('docs/cli.md is what `bun cli/reference.ts` makes', async () => {
  expect(await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')).toBe(referencePage());
});
