import { RegistryError } from '../../../core/error.ts';
import {
  type ChecksumDatabase,
  defineIndex,
  type IndexKey,
  type RenderedIndex,
  type UpstreamContext,
} from '../../../core/index-kind.ts';
import { escaped } from '../names.ts';
import { parseVerifier } from './note.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Seconds: what is written in a checksum database stays. */
const FOREVER = 10 * 365 * 86_400;
const MINUTES = 300;
const LARGEST = 1024 * 1024;

/** Where a database is: where the repository's settings say, or else behind the proxy that modules come from. */
function base(database: string, { checksumDatabase }: UpstreamContext): string {
  const isKnown = checksumDatabase && nameOf(checksumDatabase) === database;
  return isKnown && checksumDatabase.uri !== undefined
    ? checksumDatabase.uri.replace(/\/*$/, '')
    : `sumdb/${database}`;
}

export const nameOf = ({ key }: ChecksumDatabase): string => parseVerifier(key).name;

interface Kind {
  readonly name: string;
  readonly maxAge: number;
  readonly contentType: string;
  readonly path: (key: IndexKey, context: UpstreamContext) => string;
  readonly package?: (key: IndexKey) => string;
  readonly isOne: (body: Bytes, key: IndexKey) => boolean;
}

/** What a checksum database says, as it said it: clients believe it by its signature. */
const sumdbIndex = ({ name, maxAge, contentType, path, package: of, isOne }: Kind): RenderedIndex<Bytes> =>
  defineIndex<Bytes>({
    name,
    build: async () => undefined,
    upstream: {
      target: (key, context) => ({ target: path(key, context) }),
      maxBytes: LARGEST,
      parse(body, key) {
        if (isOne(body, key)) return body;
        throw new RegistryError('DATA_LOSS', 'SUMDB_INVALID', 'it is not what a checksum database answers');
      },
      ...(of && { package: of }),
      maxAge,
    },
    merge([first]) {
      if (!first) throw new TypeError('there is nothing to merge');
      return first;
    },
    render: (body) => ({ contentType, body }),
  });

const TEXT = 'text/plain; charset=utf-8';
const TREE = 'go.sum database tree\n';
const textOf = (body: Bytes): string => new TextDecoder().decode(body);

/** The tree as the database signed it last. */
export const treeIndex = sumdbIndex({
  name: 'go.sumdb.latest',
  maxAge: MINUTES,
  contentType: TEXT,
  path: ({ of: database }, context) => `${base(database, context)}/latest`,
  isOne: (body, { of: database }) => {
    const text = textOf(body);
    return text.startsWith(TREE) && text.includes(`\n\n\u2014 ${database} `);
  },
});

/** What the database has of a version of a module, with a tree that it is in. */
export const lookupIndex = sumdbIndex({
  name: 'go.sumdb.lookup',
  maxAge: FOREVER,
  contentType: TEXT,
  path({ of: module, filter = '' }, context) {
    const [database = '', version = ''] = filter.split(' ');
    return `${base(database, context)}/lookup/${escaped(module)}@${escaped(version)}`;
  },
  package: ({ of: module }) => module,
  isOne: (body) => /^\d+\n[^]*\n\ngo\.sum database tree\n/.test(textOf(body)),
});

export const lookupKey = (database: string, module: string, version: string): IndexKey => ({
  of: module,
  filter: `${database} ${version}`,
});

/** Hashes of the database, or records. */
export const tileIndex = sumdbIndex({
  name: 'go.sumdb.tile',
  maxAge: FOREVER,
  contentType: 'application/octet-stream',
  path: ({ of: database, filter = '' }, context) => `${base(database, context)}/${filter}`,
  isOne(body, { filter = '' }) {
    const width = Number(/\.p\/(\d+)$/.exec(filter)?.[1] ?? 2 ** Number(/^tile\/(\d+)\//.exec(filter)?.[1]));
    return filter.includes('/data/') ? body.length > 0 : body.length === width * 32;
  },
});

/** Of a tile by its path below the database. */
export const tileKey = (database: string, path: string): IndexKey => ({ of: database, filter: path });
