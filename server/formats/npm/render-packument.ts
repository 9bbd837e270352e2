import { Turns } from '../../lib/turns.ts';
import type { ManifestText, Span } from './manifest-text.ts';
import type { Packument, VersionEntry } from './packument.ts';

/** Where clients find the tarball of a version: an absolute URL. */
export type TarballUrl = (version: string) => string;

/** Characters of a piece, about. */
const PIECE = 64 * 1024;

/** The whole document, the same text for the same packument, in pieces between which other work has its turn. */
export function renderFull(packument: Packument, tarballUrl: TarballUrl): AsyncIterable<string> {
  const { name, head, versions } = packument;
  const id = JSON.stringify(name);
  const rev = head.has('_rev') ? '' : '"_rev":"0-0",';
  const first = [...head].filter(([key]) => key === '_rev').map(member);
  const before = `{"_id":${id},${rev}${first.join('')}"name":${id},${tagsOf(packument)}`;
  const others = [...head].filter(([key]) => key !== '_rev');
  return pieces(before, versions, (version, { manifest }) => fullManifest(manifest, tarballUrl(version)), [
    `,${timesOf(packument)}`,
    ...others.map(([key, value]) => `,${JSON.stringify(key)}:${textOf(value)}`),
    '}',
  ]);
}

/**
 * What installing needs (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md), and `time`, without
 * which clients that look at the age of versions ask for the whole document.
 */
export function renderAbbreviated(packument: Packument, tarballUrl: TarballUrl): AsyncIterable<string> {
  const { name, modified, versions } = packument;
  const changed = modified === undefined ? '' : `"modified":${timeText(modified)},`;
  const before = `{"name":${JSON.stringify(name)},${changed}${tagsOf(packument)}`;
  return pieces(before, versions, (version, { manifest }) => briefManifest(manifest, tarballUrl(version)), [
    `,${timesOf(packument)}}`,
  ]);
}

/** One version as the whole document has it. `wanted` is a version or a tag; nothing when there is none such. */
export function renderVersion(
  { tags, versions }: Packument,
  wanted: string,
  tarballUrl: TarballUrl,
): string | undefined {
  const version = versions.has(wanted) ? wanted : tags.get(wanted);
  const entry = version === undefined ? undefined : versions.get(version);
  return version === undefined || !entry ? undefined : fullManifest(entry.manifest, tarballUrl(version));
}

async function* pieces(
  before: string,
  versions: ReadonlyMap<string, VersionEntry>,
  manifestOf: (version: string, entry: VersionEntry) => string,
  after: readonly string[],
): AsyncGenerator<string> {
  const turns = new Turns();
  let piece = `${before},"versions":{`;
  let separator = '';
  for (const [version, entry] of versions) {
    const manifest = manifestOf(version, entry);
    piece += `${separator}${JSON.stringify(version)}:${manifest}`;
    separator = ',';
    if (turns.isOver(manifest.length)) await turns.pass();
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}}${after.join('')}`;
}

function fullManifest({ bytes, tarball }: ManifestText, url: string): string {
  return `${part(bytes, 0, tarball.from)}${JSON.stringify(url)}${part(bytes, tarball.to, bytes.byteLength)}`;
}

function briefManifest({ bytes, tarball, dist, brief, hasInstallScript }: ManifestText, url: string): string {
  let text = '{';
  for (const span of brief) text += `${partOf(bytes, span)},`;
  if (hasInstallScript) text += '"hasInstallScript":true,';
  const [front, back] = [part(bytes, dist.from, tarball.from), part(bytes, tarball.to, dist.to)];
  return `${text}"dist":${front}${JSON.stringify(url)}${back}}`;
}

const member = ([key, value]: readonly [string, Uint8Array<ArrayBuffer>]): string =>
  `${JSON.stringify(key)}:${textOf(value)},`;

const tagsOf = ({ tags }: Packument): string => {
  const entries = [...tags].map(([tag, version]) => `${JSON.stringify(tag)}:${JSON.stringify(version)}`);
  return `"dist-tags":{${entries.join(',')}}`;
};

function timesOf({ created, modified, versions }: Packument): string {
  const times: string[] = [];
  if (created !== undefined) times.push(`"created":${timeText(created)}`);
  if (modified !== undefined) times.push(`"modified":${timeText(modified)}`);
  for (const [version, { publishedAt }] of versions)
    if (publishedAt !== undefined) times.push(`${JSON.stringify(version)}:${timeText(publishedAt)}`);
  return `"time":{${times.join(',')}}`;
}

const timeText = (time: number): string => `"${new Date(time).toISOString()}"`;

const part = (bytes: Uint8Array<ArrayBuffer>, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
const partOf = (bytes: Uint8Array<ArrayBuffer>, { from, to }: Span): string => part(bytes, from, to);
const textOf = (bytes: Uint8Array<ArrayBuffer>): string => part(bytes, 0, bytes.byteLength);
