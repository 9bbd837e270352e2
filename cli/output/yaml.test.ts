import { describe, expect, it } from 'bun:test';
import { toYaml } from './yaml.ts';

const AWKWARD = [
  [
    '',
    'yes',
    'No',
    'ON',
    'off',
    'y',
    'N',
    'true',
    'False',
    'null',
    'Null',
    '~',
    '=',
    '<<',
    '-',
    '--- a',
    '?',
    '? a',
  ],
  [
    '1',
    '-1',
    '+1',
    '1.0',
    '.5',
    '1e3',
    '0x1f',
    '0o17',
    '0b1',
    '012',
    '1_000',
    '12:30',
    '12:30:00',
    '.inf',
    '.nan',
  ],
  [
    '2026-11-21',
    '2026-11-21T00:00:00Z',
    'a: b',
    'a:',
    ':a',
    'a #b',
    '#a',
    'a#b',
    '[a]',
    '{a}',
    'a, b',
    '&a',
    '*a',
  ],
  [
    '!a',
    '%a',
    '@a',
    '`a',
    '|',
    '>',
    "it's",
    '"q"',
    "'",
    '  pad',
    'pad ',
    'a  b',
    'a\nb',
    'a\n',
    '\n',
    '\ta',
    'a\tb',
  ],
  [
    'é',
    '漢字',
    '🎉',
    '\u0007',
    '\u007F',
    '\u0085',
    '\u00A0',
    '\u2028',
    '\uFEFF',
    '\\',
    '\\n',
    'a\\',
    'sha256:ab',
    'x=y',
  ],
  [
    'https://a/b?c=d#e',
    'projects/p/locations/us',
    'a - b',
    '- a',
    'a (b), c; d.',
    'Yes please',
    'true story',
  ],
].flat();

describe('YAML', () => {
  it.each(AWKWARD.map((text) => [JSON.stringify(text), text] as const))('reads back %s', (_, text) => {
    expect(Bun.YAML.parse(toYaml({ [text]: text, list: [text, [text]] }))).toEqual({
      [text]: text,
      list: [text, [text]],
    });
  });

  it('reads back nested values of every kind', () => {
    const value = {
      text: 'a',
      number: 1.5,
      whole: -3,
      yes: true,
      nothing: null,
      empty: { list: [], object: {}, text: '' },
      list: [1, 'two', { three: 3, four: [4, { five: [5] }] }, [[6], []], {}],
    };

    expect(Bun.YAML.parse(toYaml(value))).toEqual(value);
  });

  it('quotes what an older reader would take for a date', () => {
    expect(toYaml({ createTime: '2026-11-21T00:00:00Z' })).toBe("createTime: '2026-11-21T00:00:00Z'\n");
  });

  it('escapes what an older reader would take for the end of a line', () => {
    expect(toYaml({ a: 'x\u0085\u2028y' })).toBe(String.raw`a: "x\u0085\u2028y"` + '\n');
  });

  it('leaves out fields without a value', () => {
    expect(toYaml({ a: undefined, b: 1 })).toBe('b: 1\n');
  });

  it('looks as gcloud prints it', () => {
    const value = {
      labels: { env: 'prod' },
      tags: ['v1', 'latest'],
      manifests: [{ os: 'linux', arch: 'amd64' }],
    };

    expect(toYaml(value)).toBe(
      'labels:\n  env: prod\ntags:\n- v1\n- latest\nmanifests:\n- os: linux\n  arch: amd64\n',
    );
  });
});
