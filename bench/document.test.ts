import { expect, it } from 'bun:test';
import { join } from 'node:path';
import { replaceSection } from './document.ts';
import { scenarios } from './scenarios/index.ts';

const page = 'a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n<!-- bench:y -->\n<!-- /bench:y -->\n';

it('replaces one section and leaves the rest', () => {
  expect(replaceSection(page, 'x', 'new')).toBe(
    'a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb\n<!-- bench:y -->\n<!-- /bench:y -->\n',
  );
});

it('changes nothing when the figures are the same', () => {
  const once = replaceSection(page, 'y', 'new');

  expect(replaceSection(once, 'y', 'new')).toBe(once);
});

it('refuses a page without the section', () => {
  expect(() => replaceSection(page, 'z', 'new')).toThrow('bench:z');
});

it.each(['machine', ...scenarios.map(({ name }) => name)])(
  'finds the section %p in the published page',
  async (name) => {
    const published = await Bun.file(join(import.meta.dir, '..', 'docs', 'benchmarks.md')).text();

    expect(replaceSection(published, name, 'figures')).toContain('figures');
  },
);
