import { createHash } from 'node:crypto';
import { RegistryError } from '../../../core/error.ts';

/** What a checksum database had when it signed that. */
export interface Tree {
  readonly size: number;
  readonly root: Buffer;
}

/** A part of a level of a tree (golang.org/x/mod/sumdb/tlog): `width` hashes from `256 × index` on, of 256 to the `level` records each. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

export const HEIGHT = 8;
const FULL = 2 ** HEIGHT;
const HASH = 32;

export function parseTree(text: string): Tree {
  const [, size = '', root = ''] = /^go\.sum database tree\n(\d{1,15})\n(\S+)\n/.exec(text) ?? [];
  const hash = Buffer.from(root, 'base64');
  if (size === '' || hash.length !== HASH) throw broken('its tree cannot be read');
  return { size: Number(size), root: hash };
}

/** `tile/8/0/x001/234.p/5`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${HEIGHT}/${level}/${path}${width === FULL ? '' : `.p/${width}`}`;
}

export const recordHash = (record: string): Buffer =>
  createHash('sha256')
    .update(Buffer.from([0]))
    .update(record)
    .digest();
const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();

/**
 * Proves that a record is in a tree (RFC 6962, 2.1): every hash comes from tiles that whoever serves them may have made up, and
 * only true ones lead to the root that was signed. DATA_LOSS otherwise.
 */
export async function requireIncluded(
  { size, root }: Tree,
  { id, hash }: { readonly id: number; readonly hash: Buffer },
  read: (tile: Tile) => Promise<Uint8Array>,
): Promise<void> {
  if (id >= size) throw broken('a record is not in its tree');
  const tiles = new Map<string, Promise<Uint8Array>>();
  const tileOf = (level: number, index: number): Promise<Uint8Array> => {
    const entries = Math.floor(size / FULL ** level);
    const tile = { level, index, width: Math.min(FULL, entries - index * FULL) };
    const path = tilePath(tile);
    const known = tiles.get(path) ?? read(tile);
    tiles.set(path, known);
    return known;
  };
  /** Of 2 to the `level` records, the first of which is a multiple of that. */
  const complete = async (start: number, level: number): Promise<Buffer> => {
    const tileLevel = Math.floor(level / HEIGHT);
    const at = Math.floor(start / FULL ** tileLevel);
    const bytes = Buffer.from(await tileOf(tileLevel, Math.floor(at / FULL)));
    const count = 2 ** (level % HEIGHT);
    let hashes: Buffer[] = Array.from({ length: count }, (_, each) => {
      const from = ((at % FULL) + each) * HASH;
      return bytes.subarray(from, from + HASH);
    });
    while (hashes.length > 1)
      hashes = hashes.flatMap((left, each) =>
        each % 2 === 0 ? [nodeHash(left, hashes[each + 1] ?? left)] : [],
      );
    const [top] = hashes;
    if (top?.length !== HASH) throw broken('a tile is too short');
    return top;
  };
  const subtree = async (start: number, end: number): Promise<Buffer> => {
    const level = Math.log2(end - start);
    if (Number.isInteger(level)) return complete(start, level);
    const middle = start + largestBelow(end - start);
    return nodeHash(await subtree(start, middle), await subtree(middle, end));
  };
  const upTo = async (start: number, end: number): Promise<Buffer> => {
    if (end - start === 1) return hash;
    const middle = start + largestBelow(end - start);
    return id < middle
      ? nodeHash(await upTo(start, middle), await subtree(middle, end))
      : nodeHash(await subtree(start, middle), await upTo(middle, end));
  };
  if (!(await upTo(0, size)).equals(root)) throw broken('a record is not in the tree that was signed');
}

/** The largest power of two that is less. */
function largestBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

const broken = (why: string): RegistryError =>
  new RegistryError(
    'DATA_LOSS',
    'CHECKSUM_DATABASE_BROKEN',
    `the checksum database cannot be believed: ${why}`,
  );
