import { isUtf8 } from 'node:buffer';
import { RegistryError } from '../../core/error.ts';
import { JsonReader } from '../../lib/json-reader.ts';
import { Turns } from '../../lib/turns.ts';
import { readManifest } from './manifest-text.ts';
import { type Packument, packumentFrom, type VersionEntry } from './packument.ts';

/** Largest packument that is taken from another registry, decoded: there are some of tens of MB. */
export const LARGEST_PACKUMENT = 200 * 1024 * 1024;
const STRIDE = 4 * 1024 * 1024;

/** Made by us, or the other registry's own business. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  '_id',
  '_attachments',
  '_distfiles',
  '_revisions',
  '_uplinks',
  'name',
  'modified',
]);

/**
 * Reads another registry's document of a package, in either form. Versions that could not be installed are left out, and
 * so is a time that is none. DATA_LOSS (UPSTREAM_BROKEN) for what is no packument, or one of another package. Keeps `bytes`, and
 * yields to other work again and again.
 */
export async function parsePackument(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Packument> {
  if (bytes.byteLength > LARGEST_PACKUMENT)
    throw broken(name, `it is larger than ${LARGEST_PACKUMENT} bytes`);
  const turns = new Turns();
  await checkUtf8(bytes, name, turns);
  try {
    return await read(bytes, name, turns);
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(name, error.message);
    throw error;
  }
}

interface Times {
  readonly created?: number;
  readonly modified?: number;
  readonly versions: ReadonlyMap<string, number>;
}

async function read(bytes: Uint8Array<ArrayBuffer>, name: string, turns: Turns): Promise<Packument> {
  const head = new Map<string, Uint8Array<ArrayBuffer>>();
  const seen = new Set<string>();
  let versions: ReadonlyMap<string, VersionEntry> = new Map();
  let tags: ReadonlyMap<string, string> = new Map();
  let times: Times = { versions: new Map() };
  let modified: number | undefined;
  const reader = new JsonReader(bytes, bytes[0] === 0xef ? 3 : 0);
  if (!reader.enter()) throw broken(name, 'it is no object');
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (seen.has(key)) throw broken(name, `it has ${JSON.stringify(key.slice(0, 80))} twice`);
    seen.add(key);
    const from = reader.start();
    if (key === 'versions') versions = await readVersions(bytes, reader, turns);
    else if (key === 'dist-tags') tags = readTexts(reader);
    else if (key === 'time') times = timesOf(readTexts(reader));
    else if (key === 'modified') modified = timeOf(reader.string());
    else if (key === 'name') requireName(reader.string(), name);
    else {
      reader.skip();
      if (!NOT_SHOWN.has(key)) head.set(key, bytes.subarray(from, reader.at));
    }
    if (key !== 'versions' && turns.isOver(reader.at - from)) await turns.pass();
  }
  reader.finish();
  if (!seen.has('name')) throw broken(name, 'it has no name');
  if (!seen.has('versions')) throw broken(name, 'it has no versions');
  const dated = new Map<string, VersionEntry>();
  for (const [version, entry] of versions) {
    const publishedAt = times.versions.get(version);
    dated.set(version, publishedAt === undefined ? entry : { ...entry, publishedAt });
  }
  modified = times.modified ?? modified;
  // What follows, and what came last, takes a few milliseconds each of some thousands.
  if (dated.size > 1_000) await turns.pass();
  return packumentFrom({
    name,
    head,
    tags,
    versions: dated,
    ...(times.created !== undefined && { created: times.created }),
    ...(modified !== undefined && { modified }),
  });
}

async function readVersions(
  bytes: Uint8Array<ArrayBuffer>,
  reader: JsonReader,
  turns: Turns,
): Promise<ReadonlyMap<string, VersionEntry>> {
  const versions = new Map<string, VersionEntry>();
  if (!reader.enter()) throw new SyntaxError('versions is no object');
  for (let version = reader.key(); version !== undefined; version = reader.key()) {
    const from = reader.at;
    const manifest = readManifest(bytes, reader);
    if (manifest) versions.set(version, { manifest });
    if (turns.isOver(reader.at - from)) await turns.pass();
  }
  return versions;
}

/** The members of an object that are strings; none of what is no object. */
function readTexts(reader: JsonReader): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (!reader.enter()) {
    reader.skip();
    return texts;
  }
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    const text = reader.string();
    if (text !== undefined) texts.set(key, text);
  }
  return texts;
}

function timesOf(texts: ReadonlyMap<string, string>): Times {
  const versions = new Map<string, number>();
  for (const [version, text] of texts) {
    const time = timeOf(text);
    if (time !== undefined) versions.set(version, time);
  }
  const [created, modified] = [versions.get('created'), versions.get('modified')];
  return { versions, ...(created !== undefined && { created }), ...(modified !== undefined && { modified }) };
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function requireName(said: string | undefined, name: string): void {
  if (said !== name) throw broken(name, `it is of ${JSON.stringify(said?.slice(0, 220) ?? null)}`);
}

async function checkUtf8(bytes: Uint8Array<ArrayBuffer>, name: string, turns: Turns): Promise<void> {
  for (let from = 0; from < bytes.byteLength;) {
    let to = Math.min(from + STRIDE, bytes.byteLength);
    // Up to where a character begins.
    while (to > from && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    if (to === from || !isUtf8(bytes.subarray(from, to))) throw broken(name, 'it is not UTF-8');
    if (to < bytes.byteLength) await turns.pass();
    from = to;
  }
}

const broken = (name: string, why: string): RegistryError =>
  new RegistryError(
    'DATA_LOSS',
    'UPSTREAM_BROKEN',
    `the upstream's document of ${name} is no packument: ${why}`,
  );
