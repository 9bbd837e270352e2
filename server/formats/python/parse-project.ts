import { RegistryError } from '../../core/error.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { versionInFile } from './filenames.ts';
import { addressIn, hashesIn, isPlainName } from './listed-fields.ts';
import { parseHtmlProject } from './parse-html.ts';
import { type ListedDistribution, type Project, projectFrom, type ProjectStatus } from './project.ts';
import { normalName } from './names.ts';
import { normalVersion } from './versions.ts';

/** Largest index of a project that is taken from another server, decoded. */
export const LARGEST_INDEX = 100 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads another server's index of a project, in JSON or HTML, that came from `url`. Files whose name does not say a version are left out, as
 * installers do. DATA_LOSS (UPSTREAM_BROKEN) for what is no index, or one of another project.
 */
export async function parseProject(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  url: string,
): Promise<Project> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw broken(name, 'it is not UTF-8');
  }
  if (!/^\s*\{/.test(text)) {
    const read = await parseHtmlProject(text, name, url);
    if (!read) throw broken(name, 'it is no index');
    return read;
  }
  try {
    return fromJson(parseJsonStrictly(text) as Json, name, url);
  } catch (error) {
    if (error instanceof SyntaxError) throw broken(name, error.message);
    throw error;
  }
}

function fromJson(json: Json, name: string, base: string): Project {
  const { meta, files, versions } = json;
  const version = isObject(meta) ? meta['api-version'] : undefined;
  if (typeof version !== 'string' || !version.startsWith('1.'))
    throw broken(name, 'it is of another version');
  if (typeof json['name'] !== 'string' || normalName(json['name']) !== name)
    throw broken(name, `it is of ${JSON.stringify(json['name'] ?? null).slice(0, 220)}`);
  if (!Array.isArray(files)) throw broken(name, 'it has no files');
  const seen = new Map<string, ListedDistribution>();
  for (const each of files as readonly unknown[]) {
    const file = isObject(each) ? jsonFile(each, name, base) : undefined;
    if (file && !seen.has(file.filename)) seen.set(file.filename, file);
  }
  return projectFrom(name, seen.values(), {
    versions: (Array.isArray(versions) ? (versions as readonly unknown[]) : [])
      .filter((each) => typeof each === 'string')
      .map(normalVersion),
    status: statusIn(json['project-status']),
  });
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
