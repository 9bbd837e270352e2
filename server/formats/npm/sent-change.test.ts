import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { readPublish, type SentPackage } from './read-publish.ts';
import { classify, type SentChange, type StoredSummary } from './sent-change.ts';

const stored: StoredSummary = {
  name: '@acme/demo',
  versions: new Map([
    ['1.2.3', undefined],
    ['1.3.0', 'use 2'],
  ]),
  maintainers: [{ name: 'u', email: 'u@example.com' }],
};
const fresh: StoredSummary = { name: '@acme/demo', versions: new Map() };

const read = (body: Blob): Promise<SentPackage<number>> =>
  readPublish(body.stream(), async (tarball) => (await new Response(tarball).bytes()).byteLength);
const readValue = (value: unknown): Promise<SentPackage<number>> => read(new Blob([JSON.stringify(value)]));
const recorded = (name: string): Promise<SentPackage<number>> =>
  read(Bun.file(join(import.meta.dir, 'testdata', `${name}.json`)));

const manifest = (version: string, more: object = {}): object => ({ name: '@acme/demo', version, ...more });
const both = { '1.2.3': manifest('1.2.3'), '1.3.0': manifest('1.3.0', { deprecated: 'use 2' }) };
const tarball = { 'demo-2.0.0.tgz': { data: 'QUFB' } };
const publication = { name: '@acme/demo', versions: { '2.0.0': manifest('2.0.0') }, _attachments: tarball };

describe('what a PUT of a package means', () => {
  test.each(['npm', 'pnpm', 'yarn1', 'berry', 'bun'])(
    'is a publication when %s publishes',
    async (client) => {
      const change = classify(fresh, await recorded(`publish-${client}`), false);
      expect(change).toMatchObject({
        kind: 'publish',
        version: '1.2.3',
        tags: ['latest'],
        manifest: { license: 'MIT' },
      });
    },
  );

  test.each<[string, boolean, SentChange]>([
    ['deprecate-npm', false, { kind: 'deprecate', messages: new Map([['1.2.3', 'old']]) }],
    ['unpublish-npm', true, { kind: 'unpublish', versions: ['1.2.3'] }],
    ['star-npm', false, { kind: 'star', users: { u: true } }],
  ])('is what npm does in %s', async (name, atRevision, change) => {
    const plain = {
      ...stored,
      versions: new Map([
        ['1.2.3', undefined],
        ['1.3.0', undefined],
      ]),
    };
    expect(classify(plain, await recorded(name), atRevision)).toEqual(change);
  });

  test('is a change of owners when npm adds one', async () => {
    const change = classify(stored, await recorded('owner-npm'), true);
    expect(change).toEqual({
      kind: 'owner',
      maintainers: [
        { name: 'u', email: 'u@example.com' },
        { name: 'v', email: 'v@example.com' },
      ],
    });
  });

  test.each<[string, unknown, boolean, SentChange]>([
    ['nothing new', { name: '@acme/demo', versions: both }, false, { kind: 'nothing' }],
    [
      'nothing new at a revision',
      { name: '@acme/demo', versions: both, maintainers: stored.maintainers },
      true,
      { kind: 'nothing' },
    ],
    [
      'an empty deprecation',
      { versions: { ...both, '1.3.0': manifest('1.3.0', { deprecated: '' }) } },
      false,
      { kind: 'deprecate', messages: new Map([['1.3.0', '']]) },
    ],
    [
      'no deprecation any more',
      { versions: { '1.3.0': manifest('1.3.0') } },
      false,
      { kind: 'deprecate', messages: new Map([['1.3.0', '']]) },
    ],
    [
      'a deprecation that is false',
      { versions: { '1.3.0': manifest('1.3.0', { deprecated: false }) } },
      false,
      { kind: 'deprecate', messages: new Map([['1.3.0', '']]) },
    ],
    [
      'another dist and other dependencies',
      {
        name: '@acme/demo',
        versions: { '1.2.3': manifest('1.2.3', { dist: { shasum: 'x' }, dependencies: { a: '1' } }) },
      },
      false,
      { kind: 'nothing' },
    ],
    [
      'fewer versions without a revision',
      { name: '@acme/demo', versions: { '1.2.3': manifest('1.2.3') } },
      false,
      { kind: 'nothing' },
    ],
    ['another star', { users: { a: true } }, false, { kind: 'star', users: { a: true } }],
  ])('is told from %s', async (_, document, atRevision, change) => {
    expect(classify(stored, await readValue(document), atRevision)).toEqual(change);
  });

  test.each<[string, unknown, boolean, RegExp]>([
    ['another name', { name: '@acme/other', users: {} }, false, /name is "@acme\/other"/],
    ['another id', { _id: 'demo', users: {} }, false, /_id is "demo"/],
    ['nothing at all', {}, false, /no version, no maintainers/],
    [
      'a version from nowhere',
      { versions: { '9.9.9': manifest('9.9.9') } },
      false,
      /"9\.9\.9" without a tarball/,
    ],
    ['a removal of all', { versions: {} }, true, /send DELETE/],
    [
      'a removal and a deprecation',
      { versions: { '1.2.3': manifest('1.2.3', { deprecated: 'x' }) } },
      true,
      /one at a time/,
    ],
    [
      'a deprecation that is a number',
      { versions: { '1.2.3': manifest('1.2.3', { deprecated: 1 }) } },
      false,
      /not a text/,
    ],
    ['stars and owners', { users: { a: true }, maintainers: [] }, false, /one at a time/],
    ['no version', { ...publication, versions: {} }, false, /exactly one version/],
    ['two versions', { ...publication, versions: { ...both } }, false, /exactly one version/],
    [
      'only a bundle',
      { ...publication, _attachments: { 'a.sigstore': { data: '{}' } } },
      false,
      /none of them is a tarball/,
    ],
    ['a range', { ...publication, versions: { '2.x': manifest('2.x') } }, false, /not a version/],
    ['a v in front', { ...publication, versions: { 'v2.0.0': manifest('v2.0.0') } }, false, /not a version/],
    [
      'a manifest of another version',
      { ...publication, versions: { '2.0.0': manifest('2.0.1') } },
      false,
      /its manifest is of/,
    ],
    [
      'a manifest of another package',
      { ...publication, versions: { '2.0.0': { name: 'x', version: '2.0.0' } } },
      false,
      /its manifest is of/,
    ],
    ['a manifest that is a list', { ...publication, versions: { '2.0.0': [] } }, false, /not an object/],
    [
      'a tag of another version',
      { ...publication, 'dist-tags': { latest: '1.2.3' } },
      false,
      /"latest" is not of the version/,
    ],
    ['a tag that is a range', { ...publication, 'dist-tags': { '^1': '2.0.0' } }, false, /not a tag/],
    [
      'tags that are a list',
      { ...publication, 'dist-tags': ['latest'] },
      false,
      /dist-tags is not an object/,
    ],
  ])('is refused with %s', async (_, document, atRevision, words) => {
    const sent = await readValue(document);
    expect(() => classify(stored, sent, atRevision)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(words) as string }),
    );
  });

  test('is refused with one key twice in a manifest, which two readers would read differently', async () => {
    const body =
      '{"versions":{"2.0.0":{"name":"@acme/demo","version":"2.0.0","scripts":{},"scripts":{}}},"_attachments":{"a.tgz":{"data":""}}}';
    const sent = await read(new Blob([body]));
    expect(() => classify(stored, sent, false)).toThrow(/twice/);
  });
});
