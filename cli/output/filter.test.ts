import { describe, expect, it } from 'bun:test';
import { forServer, parseFilter } from './filter.ts';
import { parseFormat, columnAliases } from './format-spec.ts';

const NOW = Date.parse('2026-11-21T00:00:00Z');
const columns =
  parseFormat('table(name.basename():label=REPOSITORY, sizeBytes.size():label="SIZE (MB)")').columns ?? [];
const meaning = { aliases: columnAliases(columns), now: NOW };
const row = {
  name: 'projects/p/locations/us/repositories/Images',
  format: 'DOCKER',
  sizeBytes: '1500',
  ratio: 0.5,
  createTime: '2026-11-01T10:00:00.123Z',
  labels: { env: 'prod', 'team.name': 'web' },
  tags: ['v1', 'latest'],
  immutable: true,
  note: '',
  manifests: [{ os: 'linux' }, { os: 'windows' }],
};

describe('a filter that matches', () => {
  it.each([
    'format=DOCKER',
    'format=docker',
    'format = "docker"',
    "format='docker'",
    'format!=maven',
    'missing!=x',
    'name:images',
    'name:*images',
    'name:projects*',
    'name:*',
    '-missing:*',
    'NOT missing:*',
    'sizeBytes=1500.0',
    'sizeBytes>900',
    'sizeBytes<=1500',
    'ratio<1',
    'createTime>2026-10-31',
    'createTime<2026-11-01T10:00:01Z',
    'createTime>-P30D',
    'createTime<-PT1H',
    'createTime<-p2w',
    "createTime.date('%Y-%m', tz=UTC)=2026-11",
    'labels.env=prod',
    'labels.env=(dev, prod)',
    'labels:env',
    'labels."team.name"=web',
    'tags=latest',
    'tags:(v9 v1)',
    'tags[0]=v1',
    'tags[-1]=latest',
    'manifests.os=windows',
    'manifests[].os=linux',
    'immutable=true',
    'name~/repositories/I',
    'name!~maven',
    'name.basename()=images',
    'name.segment(3)=us',
    'create_time:2026',
    'REPOSITORY=images',
    'SIZE>1000',
    'docker',
    'docker prod',
    'NOT maven',
    'format=docker AND sizeBytes>1',
    'format=maven OR sizeBytes>1',
    'format=docker sizeBytes>1',
    'format=docker format=maven OR sizeBytes>1',
    '(format=maven OR format=docker) AND (labels.env=prod)',
    'NOT (format=maven OR format=npm)',
    '((format=docker))',
  ])('%s', (filter) => {
    expect(parseFilter(filter, meaning)(row)).toBe(true);
  });
});

describe('a filter that does not match', () => {
  it.each([
    'format=DOCK',
    'format!=docker',
    'missing=x',
    'missing<1',
    'missing:x',
    'missing~.',
    'note:*',
    'name:repo*',
    'sizeBytes>10000',
    'createTime<-P30D',
    'labels.env=(dev, test)',
    'labels:prod',
    'tags=v',
    'tags!=latest',
    'immutable=false',
    'name~^repositories',
    'docker dev',
    'NOT docker',
    'format=docker AND sizeBytes<1',
    'format=docker (sizeBytes<1)',
    'REPOSITORY=other',
  ])('%s', (filter) => {
    expect(parseFilter(filter, meaning)(row)).toBe(false);
  });
});

describe('a filter that makes no sense', () => {
  it.each([
    ['a=b AND c=d OR e=f', 'AND and OR together need parentheses'],
    ['format=', 'a value'],
    ['format=a AND', 'a term expected'],
    ['AND a=b', 'a term expected'],
    ['(format=docker', ') expected'],
    ['format=docker)', 'nothing more expected'],
    ['name~[', 'is not a regular expression'],
    ['name.nosuch()=x', 'unknown transform nosuch()'],
    ['name="x', 'a closing quote is missing'],
    ['tags:()', 'a value expected'],
    ['', 'a field name expected'],
  ])('%s', (filter, words) => {
    expect(() => parseFilter(filter, meaning)).toThrow(words);
  });
});

it.each([
  ['name="projects/p/locations/us/repositories/team-*"', true],
  ['annotations.owner:web', true],
  ['annotations.owner', true],
  ['name:team', false],
  ['name=a AND format=docker', false],
  ['(name=a)', false],
  ['format=docker', false],
])('the server is asked about %s: %p', (filter, asked) => {
  expect(forServer(filter)).toBe(asked);
});
