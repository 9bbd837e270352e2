import { isUtf8 } from 'node:buffer';
import { RegistryError } from '../../core/error.ts';
import { JsonReader } from '../../lib/json-reader.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { Turns } from '../../lib/turns.ts';
import { versionInFile } from './filenames.ts';
import { addressIn, hashesIn, isPlainName } from './listed-fields.ts';
import { parseHtmlProject } from './parse-html.ts';
import {
  type ListedDistribution,
  type Project,
  projectFrom,
  type ProjectStatus,
  requireFewVersions,
} from './project.ts';
import { normalName } from './names.ts';
import { normalVersion } from './versions.ts';

/** Largest index of a project that is taken from another server, decoded. */
export const LARGEST_INDEX = 100 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads another server's index of a project, in JSON or HTML, that came from `url`. Files whose name does not say a version
 * are left out, as installers do. DATA_LOSS (UPSTREAM_BROKEN) for what is no index, or one of another project. Yields to other
 * work again and again.
 */
export async function parseProject(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  url: string,
): Promise<Project> {
  if (!isUtf8(bytes)) throw broken(name, 'it is not UTF-8');
  const reader = new JsonReader(bytes, bytes[0] === 0xef ? 3 : 0);
  if (!reader.enter()) {
    const read = await orBroken(name, () => parseHtmlProject(new TextDecoder().decode(bytes), name, url));
    if (!read) throw broken(name, 'it is no index');
    return read;
  }
  return orBroken(name, () => fromJson(bytes, reader, name, url));
}

async function orBroken<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(name, error.message);
    throw error;
  }
}

async function fromJson(
  bytes: Uint8Array<ArrayBuffer>,
  reader: JsonReader,
  name: string,
  url: string,
): Promise<Project> {
  const head = new Map<string, unknown>();
  let files: ReadonlyMap<string, ListedDistribution> | undefined;
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (head.has(key)) throw broken(name, `it has ${JSON.stringify(key.slice(0, 80))} twice`);
    head.set(key, undefined);
    if (key === 'files') files = await filesIn(bytes, reader, name, url);
    else head.set(key, valueAt(bytes, reader));
  }
  reader.finish();
  const [meta, said, versions] = [head.get('meta'), head.get('name'), head.get('versions')];
  const version = isObject(meta) ? meta['api-version'] : undefined;
  if (typeof version !== 'string' || !version.startsWith('1.'))
    throw broken(name, 'it is of another version');
  if (typeof said !== 'string' || normalName(said) !== name)
    throw broken(name, `it is of ${JSON.stringify(said ?? null).slice(0, 220)}`);
  if (!files) throw broken(name, 'it has no files');
  const named = (Array.isArray(versions) ? (versions as readonly unknown[]) : []).filter(
    (each) => typeof each === 'string',
  );
  requireFewVersions(files.values(), named);
  return projectFrom(name, files.values(), {
    versions: named.map(normalVersion),
    status: statusIn(head.get('project-status')),
  });
}

async function filesIn(
  bytes: Uint8Array<ArrayBuffer>,
  reader: JsonReader,
  name: string,
  url: string,
): Promise<ReadonlyMap<string, ListedDistribution>> {
  const files = new Map<string, ListedDistribution>();
  const turns = new Turns();
  if (!reader.enterList()) throw broken(name, 'its files are no list');
  while (reader.item()) {
    const from = reader.at;
    const value = valueAt(bytes, reader);
    const file = isObject(value) ? jsonFile(value, name, url) : undefined;
    if (file && !files.has(file.filename)) files.set(file.filename, file);
    if (turns.isOver(reader.at - from)) await turns.pass();
  }
  return files;
}

function valueAt(bytes: Uint8Array<ArrayBuffer>, reader: JsonReader): unknown {
  const from = reader.start();
  reader.skip();
  return parseJsonStrictly(Buffer.from(bytes.buffer, bytes.byteOffset + from, reader.at - from).toString());
}

function jsonFile(file: Json, name: string, base: string): ListedDistribution | undefined {
  const { filename, size, yanked, provenance } = file;
  if (typeof filename !== 'string' || typeof file['url'] !== 'string' || !isPlainName(filename))
    return undefined;
  const url = addressIn(file['url'], base);
  const version = versionInFile(name, filename);
  if (url === undefined || version === undefined) return undefined;
  const text = (key: string) => (typeof file[key] === 'string' ? file[key] : undefined);
  const requiresPython = text('requires-python');
  const uploadTime = text('upload-time');
  // By the first name that it had, too.
  const metadata = metadataIn(file['core-metadata'] ?? file['dist-info-metadata']);
  return {
    filename,
    version,
    url,
    hashes: isObject(file['hashes']) ? hashesIn(file['hashes']) : new Map(),
    ...(requiresPython !== undefined && { requiresPython }),
    ...(typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && { size }),
    ...(uploadTime !== undefined && !Number.isNaN(Date.parse(uploadTime)) && { uploadTime }),
    ...((yanked === true || typeof yanked === 'string') && { yanked: yanked === true ? '' : yanked }),
    ...(metadata && { metadata }),
    ...(typeof provenance === 'string' && { provenance }),
  };
}

const metadataIn = (value: unknown): ReadonlyMap<string, string> | undefined =>
  isObject(value) ? hashesIn(value) : value === true ? new Map() : undefined;

function statusIn(value: unknown): ProjectStatus | undefined {
  if (!isObject(value) || typeof value['status'] !== 'string') return undefined;
  const { status, reason } = value;
  return { status, ...(typeof reason === 'string' && { reason }) };
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const broken = (name: string, why: string): RegistryError =>
  new RegistryError('DATA_LOSS', 'UPSTREAM_BROKEN', `the upstream's index of ${name} cannot be read: ${why}`);
