import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { escapeHtml, unescapeHtml } from '../../lib/html-text.ts';
import { parseProject } from './parse-project.ts';
import {
  type ListedDistribution,
  mergeProjects,
  type Project,
  projectFrom,
  type ProjectStatus,
  pruneProject,
} from './project.ts';
import { placesBelow, renderHtml, renderJson } from './render-project.ts';
import { normalVersion } from './versions.ts';

const BASE = 'https://upstream.example/py';
const name = 'demo-pkg';
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
/** Text as people write it into metadata. */
const words = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((text) => text.replaceAll(/\p{C}/gu, '').trim());

const distribution = fc
  .record(
    {
      version: fc.constantFrom('1.0', '1.0.post1', '2.0rc1', '2.0', '10.0', '1.0+local.1', '3.0.dev4'),
      tag: fc.constantFrom('py3-none-any.whl', 'cp311-cp311-linux_x86_64.whl', '.tar.gz', '.zip'),
      sha256: hex(64),
      requiresPython: words.filter((text) => text !== ''),
      size: fc.nat(),
      uploadTime: fc.constantFrom('2024-01-02T03:04:05.678901Z', '2020-01-01T00:00:00Z'),
      yanked: words,
      metadata: fc.option(hex(64)),
      attested: fc.constant(true),
    },
    { requiredKeys: ['version', 'tag', 'sha256'] },
  )
  .map(({ version, tag, sha256, metadata, attested, ...rest }): ListedDistribution => {
    const filename = `demo_pkg-${version}${tag.startsWith('.') ? '' : '-'}${tag}`;
    const url = `${BASE}/${name}/${encodeURIComponent(filename)}`;
    return {
      filename,
      version: normalVersion(version),
      url,
      hashes: new Map([['sha256', sha256]]),
      ...rest,
      ...(metadata !== undefined && { metadata: new Map(metadata === null ? [] : [['sha256', metadata]]) }),
      ...(attested && {
        provenance: `${BASE}/integrity/${name}/${encodeURIComponent(normalVersion(version))}/${encodeURIComponent(filename)}/provenance`,
      }),
    };
  });
const status = fc.option(
  fc.record(
    { status: fc.constantFrom('archived', 'deprecated'), reason: words.filter((text) => text !== '') },
    { requiredKeys: ['status'] },
  ),
  { nil: undefined },
);
const project = fc
  .tuple(
    fc.uniqueArray(distribution, { selector: ({ filename }) => filename, minLength: 1, maxLength: 8 }),
    status,
  )
  .map(([files, said]): Project => projectFrom(name, files, { status: said as ProjectStatus | undefined }));

const bytesOf = (body: Iterable<string>) => new Uint8Array(Buffer.from([...body].join('')));
const places = placesBelow(BASE, name);
const read = (bytes: Uint8Array<ArrayBuffer>) => parseProject(bytes, name, `${BASE}/simple/${name}/`);

test('what is written in JSON is read again', async () => {
  await fc.assert(
    fc.asyncProperty(project, async (whole) => {
      expect(await read(bytesOf(renderJson(whole, places)))).toEqual(whole);
    }),
  );
});

test('what is written in HTML is read again, as far as HTML says it', async () => {
  await fc.assert(
    fc.asyncProperty(project, async (whole) => {
      const said = [...whole.files.values()].map(({ size: _size, uploadTime: _time, ...file }) => file);
      expect(await read(bytesOf(renderHtml(whole, places)))).toEqual(
        projectFrom(name, said, { status: whole.status }),
      );
    }),
  );
});

test('what HTML says is what was to be said', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(unescapeHtml(escapeHtml(text))).toBe(text);
    }),
  );
});

const statusOf = (said: string | undefined) =>
  projectFrom(name, [], said === undefined ? {} : { status: { status: said } });

describe('several as one', () => {
  test('of one is that one, also twice', () => {
    fc.assert(
      fc.property(project, (one) => {
        expect(mergeProjects([one])).toEqual(one);
        expect(mergeProjects([one, one])).toEqual(one);
      }),
    );
  });

  test('has every file as the first that has it', () => {
    fc.assert(
      fc.property(fc.array(project, { minLength: 1, maxLength: 4 }), (parts) => {
        const [first, ...others] = parts;
        if (!first) return;
        const merged = mergeProjects([first, ...others]);
        for (const [filename, file] of merged.files)
          expect(file).toBe(
            parts.find(({ files }) => files.has(filename))?.files.get(filename) as ListedDistribution,
          );
        for (const part of parts)
          for (const filename of part.files.keys()) expect(merged.files.has(filename)).toBe(true);
        expect(new Set(merged.versions)).toEqual(new Set(parts.flatMap(({ versions }) => versions)));
      }),
    );
  });

  test('does not depend on how they are put together', () => {
    fc.assert(
      fc.property(project, project, project, (a, b, c) => {
        expect(mergeProjects([mergeProjects([a, b]), c])).toEqual(mergeProjects([a, b, c]));
      }),
    );
  });

  test('is what the strictest says', () => {
    expect(
      mergeProjects([
        statusOf(undefined),
        statusOf('archived'),
        statusOf('quarantined'),
        statusOf('deprecated'),
      ]).status,
    ).toEqual({
      status: 'quarantined',
    });
  });
});

test('files that are left out take along versions that have no other', () => {
  fc.assert(
    fc.property(project, fc.func(fc.boolean()), (whole, decide) => {
      const keep = (entry: string): boolean => decide(entry);
      const left = pruneProject(whole, keep);
      const files = [...whole.files.values()].filter(({ filename }) => keep(filename));
      expect([...left.files.values()]).toEqual(files);
      expect(left.versions).toEqual(
        whole.versions.filter((version) => files.some((file) => file.version === version)),
      );
      expect(pruneProject(left, keep)).toEqual(left);
    }),
  );
});

test('what is in quarantine is not offered', async () => {
  const whole: Project = {
    ...projectFrom(name, [
      { filename: 'demo_pkg-1.0.tar.gz', version: '1.0', url: `${BASE}/x`, hashes: new Map() },
    ]),
    status: { status: 'quarantined' },
  };
  expect(JSON.parse([...renderJson(whole, places)].join('')).files).toEqual([]);
  expect([...renderHtml(whole, places)].join('')).not.toContain('<a ');
});

test('any bytes are read, or refused as no index', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)),
        fc
          .json()
          .map((text) => Buffer.from(`{"meta":{"api-version":"1.0"},"name":"demo-pkg","files":[${text}]}`)),
        fc.string().map((text) => Buffer.from(`<title>Links for x</title><a ${text}>${text}</a>`)),
      ),
      async (bytes) => {
        const failure = await read(new Uint8Array(bytes)).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure !== undefined) expect(failure).toMatchObject({ reason: 'UPSTREAM_BROKEN' });
      },
    ),
    { numRuns: 500 },
  );
});

describe('an index of more versions than any project has', () => {
  const names = Array.from({ length: 30_001 }, (_, at) => `a-${at}.tar.gz`);
  const head = '<!DOCTYPE html><title>Links for a</title>';
  test.each([
    ['in HTML', head + names.map((each) => `<a href="/${each}">${each}</a>`).join('')],
    [
      'in JSON',
      JSON.stringify({
        meta: { 'api-version': '1.0' },
        name: 'a',
        files: names.map((filename) => ({ filename, url: '/a', hashes: {} })),
      }),
    ],
    [
      'in JSON, without files',
      JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'a', files: [], versions: names }),
    ],
  ])('is not read: %s', async (_, text) => {
    const failure = await parseProject(new TextEncoder().encode(text), 'a', 'http://up.test/').catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      reason: 'UPSTREAM_BROKEN',
      message: expect.stringContaining('30000 versions'),
    });
  });
});
