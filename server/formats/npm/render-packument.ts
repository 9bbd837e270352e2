import { Turns } from '../../lib/turns.ts';
import type { ManifestText, Span } from './manifest-text.ts';
import type { Packument, VersionEntry } from './packument.ts';

/** Where clients find something of a version: an absolute URL. */
export type UrlOf = (version: string) => string;

/** Where clients find what a version is made of; attestations only of those that are served here. */
export interface UrlsOf {
  readonly tarball: UrlOf;
  readonly attestations?: UrlOf;
}

/** Characters of a piece, about. */
const PIECE = 64 * 1024;

/** The whole document, the same text for the same packument, in pieces between which other work has its turn. */
export function renderFull(packument: Packument, urls: UrlsOf): AsyncIterable<string> {
  const { name, head, versions } = packument;
  const id = JSON.stringify(name);
  const rev = head.has('_rev') ? '' : '"_rev":"0-0",';
  const first = [...head].filter(([key]) => key === '_rev').map(member);
  const before = `{"_id":${id},${rev}${first.join('')}"name":${id},${tagsOf(packument)}`;
  const others = [...head].filter(([key]) => key !== '_rev');
  return pieces(
    before,
    versions,
    (version, { manifest }) => fullManifest(manifest, addressesOf(urls, version)),
    [
      `,${timesOf(packument)}`,
      ...others.map(([key, value]) => `,${JSON.stringify(key)}:${textOf(value)}`),
      '}',
    ],
  );
}

/**
 * What installing needs (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md), and `time`, without
 * which clients that look at the age of versions ask for the whole document.
 */
export function renderAbbreviated(packument: Packument, urls: UrlsOf): AsyncIterable<string> {
  const { name, modified, versions } = packument;
  const changed = modified === undefined ? '' : `"modified":${timeText(modified)},`;
  const before = `{"name":${JSON.stringify(name)},${changed}${tagsOf(packument)}`;
  return pieces(
    before,
    versions,
    (version, { manifest }) => briefManifest(manifest, addressesOf(urls, version)),
    [`,${timesOf(packument)}}`],
  );
}

/** One version as the whole document has it. `wanted` is a version or a tag; nothing when there is none such. */
export function renderVersion(
  { tags, versions }: Packument,
  wanted: string,
  urls: UrlsOf,
): string | undefined {
  const version = versions.has(wanted) ? wanted : tags.get(wanted);
  const entry = version === undefined ? undefined : versions.get(version);
  return version === undefined || !entry
    ? undefined
    : fullManifest(entry.manifest, addressesOf(urls, version));
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

function fullManifest(manifest: ManifestText, addresses: Addresses): string {
  return filled(manifest, { from: 0, to: manifest.bytes.byteLength }, addresses);
}

function briefManifest(manifest: ManifestText, addresses: Addresses): string {
  let text = '{';
  for (const span of manifest.brief) text += `${partOf(manifest.bytes, span)},`;
  if (manifest.hasInstallScript) text += '"hasInstallScript":true,';
  return `${text}"dist":${filled(manifest, manifest.dist, addresses)}}`;
}

interface Addresses {
  readonly tarball: string;
  readonly attestations: string | undefined;
}

/** A part of a manifest that `dist` is in, with the addresses that are ours to say. */
function filled({ bytes, tarball, attestations }: ManifestText, whole: Span, addresses: Addresses): string {
  const gaps: (readonly [Span, string])[] = [[tarball, addresses.tarball]];
  if (attestations && addresses.attestations !== undefined)
    gaps[attestations.from < tarball.from ? 'unshift' : 'push']([attestations, addresses.attestations]);
  let text = '';
  let at = whole.from;
  for (const [span, address] of gaps) {
    text += part(bytes, at, span.from) + JSON.stringify(address);
    at = span.to;
  }
  return text + part(bytes, at, whole.to);
}

const addressesOf = ({ tarball, attestations }: UrlsOf, version: string): Addresses => ({
  tarball: tarball(version),
  attestations: attestations?.(version),
});

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
