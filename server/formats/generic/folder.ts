import { setImmediate } from 'node:timers/promises';
import type { CatalogReader, FileEntry } from '../../core/catalog.ts';
import type { IndexKey } from '../../core/index-kind.ts';
import type { Page } from '../../core/page.ts';
import { type Entry, entryIn, parseId, segmentsOf } from './places.ts';

export interface ListedEntry extends Entry {
  /** Of a file. */
  readonly file?: {
    /** Bytes. */
    readonly size: number;
    /** Lower-case hex. */
    readonly sha256: string;
    /** Milliseconds since the epoch. */
    readonly uploadedAt: number;
  };
}

/** A page of what is in a folder. */
export interface Folder {
  /** In the byte order of their keys. */
  readonly entries: readonly ListedEntry[];
  readonly more: boolean;
}

/** What a key's filter is for a list of all files below a folder, however deep. */
export const ALL_BELOW = 'files';

const FEWEST_ROWS = 8;
const MOST_ROWS = 500;
/** Looks at the catalog between which others have their turn. */
const LOT = 100;
/** Behind everything that begins alike. */
const PAST = '\u{10ffff}';

/** Its page, which every key of this index has. */
export const pageIn = ({ page = { limit: MOST_ROWS } }: IndexKey): Page => page;

/** Nothing for a folder in which there is nothing. */
export async function listFolder(catalog: CatalogReader, key: IndexKey): Promise<Folder | undefined> {
  const { of: folder, filter } = key;
  const { limit, after } = pageIn(key);
  const isDeep = filter === ALL_BELOW;
  const entries: ListedEntry[] = [];
  const begun = after === undefined ? undefined : startAfter(folder, after, isDeep);
  let from = begun?.from;
  let inside = begun?.inside;
  for (let [rowsAtOnce, read] = [FEWEST_ROWS, 0]; ;) {
    const { rows, more } = await catalog.files(folder, {
      limit: rowsAtOnce,
      ...(from !== undefined && { after: from }),
    });
    const before = entries.length;
    for (const row of rows) {
      // The rest of a folder that has its entry.
      if (inside !== undefined && row.path.startsWith(inside)) continue;
      if (entries.length === limit) return { entries, more: true };
      const entry = isDeep ? fileBelow(folder, row) : entryOf(folder, row);
      if (entry) entries.push(entry);
      inside = entry?.isFolder ? folder + entry.key : undefined;
      from = inside === undefined ? row.path : inside + PAST;
    }
    if (!more) break;
    read += 1;
    if (read % LOT === 0) await setImmediate();
    // Folders are hopped over, however much is in them; files come in a row.
    const isDense = entries.length - before > rows.length / 2;
    rowsAtOnce = isDense ? Math.min(MOST_ROWS, rowsAtOnce * 4) : FEWEST_ROWS;
  }
  if (entries.length === 0 && folder !== '' && after === undefined) return undefined;
  return { entries, more: false };
}

/** Behind an entry: of a folder, behind all that is in it. */
function startAfter(folder: string, after: string, isDeep: boolean) {
  const from = folder + after;
  const { key, isFolder } = entryIn(folder, from);
  return isFolder && key === after && !isDeep
    ? { from: from + PAST, inside: from }
    : { from, inside: undefined };
}

function entryOf(folder: string, row: FileEntry): ListedEntry {
  const entry = entryIn(folder, row.path);
  return entry.isFolder ? entry : { ...entry, file: described(row) };
}

/** By its whole path. */
function fileBelow(folder: string, row: FileEntry): ListedEntry | undefined {
  const place = parseId(row.path);
  if (!place) return undefined;
  const key = row.path.slice(folder.length);
  return { key, name: segmentsOf(place).join('/'), isFolder: false, file: described(row) };
}

const described = ({ size, digest, updatedAt }: FileEntry) => ({
  size,
  sha256: digest.slice('sha256:'.length),
  uploadedAt: updatedAt,
});

/** Pages of the same folder that begin at the same place, as one page of it. */
export function mergeFolders(parts: readonly Folder[], key: IndexKey): Folder {
  const { limit } = pageIn(key);
  const merged = new Map<string, ListedEntry>();
  for (const { entries } of parts)
    for (const entry of entries) if (!merged.has(entry.key)) merged.set(entry.key, entry);
  const sorted = [...merged.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  // What is past the end of a page that goes on may have others before it.
  const ends = parts.flatMap(({ entries, more }) => (more ? (entries.at(-1)?.key ?? []) : []));
  const [end] = ends.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const sure =
    end === undefined
      ? sorted
      : sorted.filter(({ key: at }) => Buffer.compare(Buffer.from(at), Buffer.from(end)) <= 0);
  return { entries: sure.slice(0, limit), more: end !== undefined || sure.length > limit };
}
