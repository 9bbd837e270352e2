import { JsonReader } from '../../lib/json-reader.ts';

/**
 * What an abbreviated packument keeps of a manifest
 * (https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md#abbreviated-version-object), `dist` apart.
 */
const BRIEF: ReadonlySet<string> = new Set([
  'name',
  'version',
  'deprecated',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'acceptDependencies',
  'bin',
  'directories',
  'engines',
  'funding',
  'cpu',
  'os',
  'libc',
  '_hasShrinkwrap',
]);
const INSTALL_SCRIPTS: ReadonlySet<string> = new Set(['preinstall', 'install', 'postinstall']);

/** Half open, in bytes of the manifest's text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A version's manifest as the JSON text that it came as, and where in it the few things are that we look at. */
export interface ManifestText {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The value of `dist.tarball`, a string with its quotes. */
  readonly tarball: Span;
  readonly integrity?: Span;
  readonly shasum?: Span;
  /** The value of `dist.attestations.url` where that is empty, so that it is ours to say. */
  readonly attestations?: Span;
  readonly dist: Span;
  /** Members that the abbreviated form keeps; neighbours are one span, with what is between them. */
  readonly brief: readonly Span[];
  readonly hasInstallScript: boolean;
}

/**
 * Looks through the manifest that begins at the reader, which is behind it afterwards. Nothing for one that nobody can
 * install: no object, or without an address of its tarball. SyntaxError for what is not JSON.
 */
export function readManifest(bytes: Uint8Array<ArrayBuffer>, reader: JsonReader): ManifestText | undefined {
  const begin = reader.start();
  if (!reader.enter()) {
    reader.skip();
    return undefined;
  }
  const brief: Span[] = [];
  let dist: DistSpans | undefined;
  let doubled = false;
  let hasInstallScript = false;
  let memberEnd = -1;
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    const from = reader.keyAt - begin;
    if (key === 'dist') {
      doubled ||= dist !== undefined;
      dist = readDist(reader, begin);
    } else if (key === 'scripts') hasInstallScript = hasScripts(reader) || hasInstallScript;
    else if (key === 'hasInstallScript') hasInstallScript = isTrue(bytes, reader) || hasInstallScript;
    else reader.skip();
    const to = reader.at - begin;
    if (BRIEF.has(key)) {
      const last = brief.at(-1);
      if (last && last.to === memberEnd) brief[brief.length - 1] = { from: last.from, to };
      else brief.push({ from, to });
    }
    memberEnd = to;
  }
  // With two of them, what is rewritten and what a client reads could be different ones.
  if (!dist?.tarball || doubled) return undefined;
  const { tarball, integrity, shasum, attestations, whole } = dist;
  return {
    bytes: bytes.subarray(begin, reader.at),
    tarball,
    ...(integrity && { integrity }),
    ...(shasum && { shasum }),
    ...(attestations && { attestations }),
    dist: whole,
    brief,
    hasInstallScript,
  };
}

interface DistSpans {
  readonly whole: Span;
  readonly tarball?: Span;
  readonly integrity?: Span;
  readonly shasum?: Span;
  readonly attestations?: Span;
}

function readDist(reader: JsonReader, begin: number): DistSpans {
  const from = reader.start() - begin;
  const found = new Map<string, Span>();
  let doubled = false;
  let attestations: Span | undefined;
  if (reader.enter())
    for (let key = reader.key(); key !== undefined; key = reader.key()) {
      if (key === 'attestations') {
        attestations = readEmptyUrl(reader, begin);
        continue;
      }
      if (key !== 'tarball' && key !== 'integrity' && key !== 'shasum') {
        reader.skip();
        continue;
      }
      const start = reader.start();
      doubled ||= found.has(key);
      if (reader.skipString()) found.set(key, { from: start - begin, to: reader.at - begin });
    }
  else reader.skip();
  const whole = { from, to: reader.at - begin };
  if (doubled) return { whole };
  const [tarball, integrity, shasum] = [found.get('tarball'), found.get('integrity'), found.get('shasum')];
  return {
    whole,
    ...(tarball && { tarball }),
    ...(integrity && { integrity }),
    ...(shasum && { shasum }),
    ...(attestations && { attestations }),
  };
}

function readEmptyUrl(reader: JsonReader, begin: number): Span | undefined {
  let found: Span | undefined;
  if (!reader.enter()) {
    reader.skip();
    return undefined;
  }
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    const from = reader.start() - begin;
    const isText = reader.skipString();
    const to = reader.at - begin;
    if (key === 'url') found = isText && to - from === EMPTY_TEXT ? { from, to } : undefined;
  }
  return found;
}
/** Bytes, with its quotes. */
const EMPTY_TEXT = 2;

function hasScripts(reader: JsonReader): boolean {
  let found = false;
  if (!reader.enter()) {
    reader.skip();
    return false;
  }
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    reader.skip();
    found ||= INSTALL_SCRIPTS.has(key);
  }
  return found;
}

function isTrue(bytes: Uint8Array, reader: JsonReader): boolean {
  const isIt = bytes[reader.start()] === 0x74;
  reader.skip();
  return isIt;
}
