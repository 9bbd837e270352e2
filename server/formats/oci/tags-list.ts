import { setImmediate } from 'node:timers/promises';
import type { CatalogReader, TagRow, TaggedVersion } from '../../core/catalog.ts';
import { defineRememberedIndex } from '../../core/index-kind.ts';
import type { Page } from '../../core/page.ts';
import { rawPath } from '../../lib/raw-path.ts';
import { fromAttributes } from './attributes.ts';
import { isTag } from './names.ts';
import { nextLink } from './paging.ts';
import { documentOf, HOUR, textsOf } from './upstream-documents.ts';

export interface TagsPage {
  readonly tags: readonly TagRow[];
  readonly more: boolean;
  /** Names one level below this one. */
  readonly children: readonly string[];
  /** The versions that the tags of this page name; on the last page also untagged ones, as far as the page allows. */
  readonly versions: readonly TaggedVersion[];
}

/** Manifests that are read, or described, before others have their turn. */
const [MOST_READ, LOT] = [1_000, 250];
const MOST_CHILDREN = 10_000;
/** Pages of most registries are of so many tags, or of a multiple of that, whatever they are asked for. */
const CAPS = 50;

/** GET …/tags/list, with Container Registry's extension (gar.md 4) that its walking clients rely on. */
export const tagsList = defineRememberedIndex<TagsPage>({
  name: 'tags',
  besidesNames: ({ of: image }) => prefixOf(image),

  async build(catalog, { of: image, page = { limit: 0 } }) {
    const exists = image !== '' && (await catalog.hasPackage(image));
    const children = await catalog.folders(prefixOf(image), page.after === undefined ? MOST_CHILDREN : 1);
    if (image !== '' && !exists && children.length === 0) return undefined;
    const { rows: tags, more } = await catalog.tags(image, page);
    const versions = await versionsOn(catalog, image, page, tags, more);
    return { tags, more, children: page.after === undefined ? children : [], versions };
  },

  upstream: {
    maxAge: HOUR,
    maxBytes: 8 * 1024 * 1024,
    package: ({ of }) => of,
    target({ of: image, page = { limit: 0 } }) {
      if (image === '') return undefined;
      const { limit, after } = page;
      const query = new URLSearchParams({
        n: String(Math.max(1, limit)),
        ...(after !== undefined && { last: after }),
      });
      return { target: `${image}/tags/list?${query.toString()}` };
    },
    /** In the upstream's order, in which its next page goes on. What its tags name it does not say. */
    parse(body, { page = { limit: 0 } }) {
      const names = textsOf(documentOf(body), 'tags').filter(isTag);
      // An upstream that knows no pages sends all of them again, in the order of their names.
      const { limit, after } = page;
      const ignored = names.length > limit && after !== undefined;
      const tags = ignored ? names.filter((tag) => tag > after) : names;
      return {
        tags: tags.slice(0, limit).map((tag) => ({ tag, version: '' })),
        more: limit > 0 && (tags.length >= limit || (tags.length > 0 && tags.length % CAPS === 0)),
        children: [],
        versions: [],
      };
    },
  },

  *versions({ tags }) {
    for (const { tag } of tags) yield { version: tag, isTag: true };
  },

  prune: (value, keep) => ({ ...value, tags: value.tags.filter(({ tag }) => keep(tag)) }),

  merge(parts, { page = { limit: 0 } }) {
    const tags = new Map<string, TagRow>();
    for (const row of parts.flatMap((part) => part.tags)) if (!tags.has(row.tag)) tags.set(row.tag, row);
    const sorted = [...tags.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
    const versions = new Map<string, TaggedVersion>();
    for (const row of parts.flatMap((part) => part.versions))
      if (!versions.has(row.version)) versions.set(row.version, row);
    return {
      tags: sorted.slice(0, page.limit),
      more: sorted.length > page.limit || parts.some((part) => part.more),
      children: [...new Set(parts.flatMap((part) => part.children))].sort(),
      versions: [...versions.values()],
    };
  },

  document(value, { of: image, page = { limit: 0 } }, baseUrl) {
    const base = rawPath(baseUrl);
    const path = image === '' ? base : `${base}/${image}`;
    const last = value.tags.at(-1)?.tag;
    return {
      contentType: 'application/json',
      body: texts(path.split('/').slice(2).join('/'), value),
      ...(value.more &&
        last !== undefined && { headers: { link: nextLink(`${path}/tags/list`, page, last) } }),
    };
  },
});

/** What the names of the images below one begin with. */
const prefixOf = (image: string): string => (image === '' ? '' : `${image}/`);

function* texts(name: string, { tags, children, versions }: TagsPage): Generator<string> {
  const names = tags.map(({ tag }) => tag);
  yield `${JSON.stringify({ name, tags: names, child: children }).slice(0, -1)},"manifest":{`;
  for (let from = 0; from < versions.length; from += LOT) {
    const lot = versions.slice(from, from + LOT).map((row) => [row.version, describe(row)] as const);
    yield `${from === 0 ? '' : ','}${JSON.stringify(Object.fromEntries(lot)).slice(1, -1)}`;
  }
  yield '}}';
}

async function versionsOn(
  catalog: CatalogReader,
  image: string,
  page: Page,
  tags: readonly TagRow[],
  more: boolean,
): Promise<readonly TaggedVersion[]> {
  const names = [...new Set(tags.map((row) => row.version))];
  const tagged: TaggedVersion[] = [];
  for (let from = 0; from < names.length; from += MOST_READ) {
    if (from > 0) await setImmediate();
    tagged.push(...(await catalog.tagged(image, names.slice(from, from + MOST_READ))));
  }
  const room = page.limit - tagged.length;
  if (more || room <= 0) return tagged;
  const untagged = await catalog.untagged(image, { limit: room });
  return [...tagged, ...untagged.rows.map((row) => ({ ...row, tags: [] }))];
}

function describe({ attributes, size, createdAt, tags }: TaggedVersion) {
  const { mediaType, buildTime } = fromAttributes(attributes);
  return {
    imageSizeBytes: String(size),
    layerId: '',
    mediaType,
    tag: tags,
    timeCreatedMs: String(buildTime === undefined ? createdAt : Date.parse(buildTime)),
    timeUploadedMs: String(createdAt),
  };
}
