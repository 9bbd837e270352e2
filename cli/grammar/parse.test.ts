import { describe, expect, it } from 'bun:test';
import { any, defineCommand, one, type Command } from './command.ts';
import { choice, count, list, map, required, text, toggle } from './flags.ts';
import { parse } from './parse.ts';
import { commandTree } from './tree.ts';

const make = defineCommand({
  path: 'things make',
  summary: 'Make a thing.',
  positionals: { thingName: one('The name.'), others: any('More names.') },
  flags: {
    color: required(text('COLOR', 'The color.', { short: 'c', aliases: ['colour'] })),
    size: choice(['small', 'large'], 'The size.'),
    labels: map('KEY=VALUE', 'Labels.'),
    parts: list('PART', 'Parts.'),
    weight: count('N', 'Weight.'),
    shiny: toggle('Shiny.', { negatable: true }),
    async: toggle('Do not wait.'),
  },
  format: 'none',
  run: () => undefined,
});
const look = defineCommand({
  path: 'things list',
  summary: 'List.',
  lists: true,
  format: 'json',
  run: () => [],
});
const tree = commandTree([make, look], { '': 'The program.', things: 'Things.' });

function read(line: string | readonly string[]) {
  const found = parse(tree, typeof line === 'string' ? line.split(' ') : line);
  if (found.kind !== 'run') throw new Error(`it asks for ${found.kind}`);
  return found;
}
const args = (line: string | readonly string[]) => read(line).args;

describe('a command line', () => {
  const rows: readonly (readonly [says: string, line: string | readonly string[], found: object])[] = [
    ['takes a value after =', 'things make a --color=red', { thingName: 'a', color: 'red' }],
    ['takes a value as the next word', 'things make a --color red', { color: 'red' }],
    ['keeps everything after the first =', 'things make a --color=a=b', { color: 'a=b' }],
    ['knows short forms', 'things make a -c red', { color: 'red' }],
    ['knows other spellings', 'things make a --colour=red', { color: 'red' }],
    ['lets flags stand before positionals', 'things make --color red a b', { thingName: 'a', others: ['b'] }],
    ['lets the last of two win', 'things make a --color=red --color=blue', { color: 'blue' }],
    ['reads a choice in any case', 'things make a -c r --size=LARGE', { size: 'large' }],
    ['switches on', 'things make a -c r --shiny --async', { shiny: true, async: true }],
    ['switches off', 'things make a -c r --no-shiny', { shiny: false }],
    ['tells a switch that was not touched from one that is off', 'things make a -c r', { shiny: undefined }],
    ['gives a switch a word', 'things make a -c r --shiny=false', { shiny: false }],
    ['reads maps', 'things make a -c r --labels=a=1,b=2=3', { labels: { a: '1', b: '2=3' } }],
    ['adds up repeated maps', 'things make a -c r --labels=a=1 --labels=b=2', { labels: { a: '1', b: '2' } }],
    ['takes another separator', 'things make a -c r --labels=^:^a=1,2:b=3', { labels: { a: '1,2', b: '3' } }],
    ['adds up repeated lists', 'things make a -c r --parts=x,y --parts=z', { parts: ['x', 'y', 'z'] }],
    ['reads numbers', 'things make a -c r --weight=12', { weight: 12 }],
    ['reads the word unlimited as no number', 'things make a -c r --weight=unlimited', { weight: undefined }],
    [
      'takes words after -- as they are',
      'things make -c r -- --async -x',
      { thingName: '--async', others: ['-x'] },
    ],
    ['takes a lone dash as a word', 'things make - -c r', { thingName: '-' }],
    ['takes a negative number as a value', 'things make a --color -1', { color: '-1' }],
    ['takes an empty value', ['things', 'make', 'a', '--color='], { color: '' }],
  ];
  it.each(rows)('%s', (_, line, found) => {
    expect(args(line)).toMatchObject(found);
  });

  it('takes global flags anywhere', () => {
    const { globals } = read('--project p things -q list --format json --limit 5');

    expect(globals).toMatchObject({ project: 'p', quiet: true, format: 'json', limit: 5 });
  });
});

describe('a command line that cannot be understood', () => {
  const rows: readonly (readonly [line: string | readonly string[], words: string])[] = [
    ['thing make', 'there is no command "entrepot thing"; did you mean "entrepot things"?'],
    ['things mkae a', 'did you mean "entrepot things make"?'],
    ['things explode', 'there is no command "entrepot things explode"; see "entrepot things --help"'],
    ['things make a --colr=red', 'unrecognized flag --colr; did you mean --color?'],
    ['things make a --color=red --zzzzzz', 'unrecognized flag --zzzzzz; see --help'],
    ['--color=red things make a', 'flags of a command come after the command'],
    ['things make a --limit=3 -c r', 'unrecognized flag --limit'],
    ['things make a', 'required: --color'],
    ['things make --color=red', 'THING_NAME is missing: The name.'],
    ['things list extra', 'unexpected: extra'],
    ['things make a --color', '--color needs a value, COLOR'],
    ['things make a --color --async', 'write --color=--async if the value really starts with a dash'],
    ['things make a -c r --size=huge', '--size: [huge] is not one of small, large'],
    ['things make a -c r --weight=0', '--weight: [0] is not a whole number of at least 1'],
    ['things make a -c r --weight=1.5', '[1.5] is not a whole number'],
    ['things make a -c r --labels=a', '--labels: [a] is not of the form KEY=VALUE'],
    ['things make a -c r --async=perhaps', 'is a switch'],
    ['things make a -c r --no-async', 'unrecognized flag --no-async'],
  ];
  it.each(rows)('%s', (line, words) => {
    expect(() => read(line)).toThrow(words);
  });
});

describe('help', () => {
  it.each([
    ['things make --help', make],
    ['things make -h --color', undefined],
    ['--help', tree],
    ['things', tree.groups.get('things')],
  ] as const)('%s', (line, at) => {
    if (at === undefined) expect(() => parse(tree, line.split(' '))).toThrow('needs a value');
    else expect(parse(tree, line.split(' '))).toMatchObject({ kind: 'help', at });
  });
});

/** Deterministic, so that a failure can be seen again. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state;
  }
}

describe('whatever is typed', () => {
  const alphabet = [
    'things',
    'make',
    'list',
    '--color',
    '--color=x',
    '-c',
    '--',
    '-',
    '--async',
    '--no-shiny',
    'a',
    '',
    '=',
    '--=',
    '--labels=a=1',
    '--limit',
    '3',
    '-q',
    '--help',
  ];

  it('is either understood or refused in words, and never breaks the parser', () => {
    const random = numbers(7);
    const next = (below: number): number => Number(random.next().value) % below;
    for (let round = 0; round < 3000; round += 1) {
      const line = Array.from({ length: next(8) }, () => alphabet[next(alphabet.length)] ?? '');
      try {
        expect(['run', 'help']).toContain(parse(tree, line).kind);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: 'CliError', exit: 'usage' });
      }
    }
  });

  it('means the same with its flags in any place', () => {
    const flags = [['--color', 'red'], ['--async'], ['--labels=a=1,b=2'], ['-q'], ['--project=p']];
    const random = numbers(11);
    const expected = read('things make a b --color red --async --labels=a=1,b=2 -q --project=p');
    for (let round = 0; round < 200; round += 1) {
      let words = [['a'], ['b']];
      for (const flag of flags)
        words = words.toSpliced(Number(random.next().value) % (words.length + 1), 0, flag);
      const found = read(['things', 'make', ...words.flat()]);
      expect(found.args).toEqual(expected.args);
      expect(found.globals).toEqual(expected.globals);
    }
  });
});

it('forgets no command in the tree', () => {
  const commands: readonly Command[] = [make, look];

  expect(
    commands.map(({ path }) => read(path === 'things make' ? `${path} a -c r` : path).command.path),
  ).toEqual(commands.map(({ path }) => path));
});
