import { usage } from '../../exit.ts';
import { isRecord } from '../../output/scalar.ts';
import { isRequirements, isTomlLock, ofRequirements, ofToml } from './python-lock.ts';

const KINDS =
  'package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock, go.sum, uv.lock, poetry.lock, pylock.toml or requirements.txt';

/** What a lock file installs from a registry, each once, as prefetching takes it: `NAME@VERSION`, or files of Python by their names. */
export function packagesIn(content: string, file: string): readonly string[] {
  const found = parsed(content, file);
  if (found.length === 0) throw usage(`${file} names no packages of a registry`);
  return [...new Set(found)];
}

function parsed(content: string, file: string): readonly string[] {
  if (/^\s*\{/.test(content)) {
    const document = documentOf(() => Bun.JSONC.parse(content), file);
    return 'workspaces' in document ? ofBun(document) : ofNpm(document, file);
  }
  if (isTomlLock(content)) return ofToml(documentOf(() => Bun.TOML.parse(content), file));
  if (isGoSum(content)) return ofGo(content);
  if (/^# yarn lockfile v1$/m.test(content)) return ofYarn(content);
  if (isRequirements(content)) return ofRequirements(content, file);
  const document = documentOf(() => Bun.YAML.parse(content), file);
  if ('lockfileVersion' in document) return ofPnpm(document);
  if ('__metadata' in document) return ofBerry(document);
  throw usage(`${file} is no ${KINDS}`);
}

function documentOf(parse: () => unknown, file: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = parse();
  } catch (cause) {
    throw usage(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (isRecord(document)) return document;
  throw usage(`${file} is no ${KINDS}`);
}

/** npm's documentation, package-lock.json: `packages` by where they are installed. */
function ofNpm({ packages }: Readonly<Record<string, unknown>>, file: string): readonly string[] {
  if (!isRecord(packages))
    throw usage(
      `${file} has no packages; make it again with npm 7 or later, which writes lockfileVersion 2 or 3`,
    );
  return Object.entries(packages).flatMap(([path, entry]) => {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0 || !isRecord(entry) || entry['link'] === true || entry['inBundle'] === true) return [];
    const { name = path.slice(at + 'node_modules/'.length), version, resolved } = entry;
    const isElsewhere = typeof resolved === 'string' && !/^https?:/.test(resolved);
    return typeof name === 'string' && typeof version === 'string' && !isElsewhere
      ? [`${name}@${version}`]
      : [];
  });
}

/** Bun's text lock file: what each package came to stands first. */
function ofBun({ packages }: Readonly<Record<string, unknown>>): readonly string[] {
  if (!isRecord(packages)) return [];
  return Object.values(packages).flatMap((entry) => {
    const [resolved] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    const text = typeof resolved === 'string' ? resolved : '';
    const version = text.slice(text.indexOf('@', 1) + 1);
    // What is not of a registry has an address in place of a version.
    return /^\d/.test(version) && !/[:/]/.test(version) ? [text] : [];
  });
}

/** Keys are `NAME@VERSION`, with `/` in front and peers behind in parentheses in older versions. */
function ofPnpm({ packages }: Readonly<Record<string, unknown>>): readonly string[] {
  if (!isRecord(packages)) return [];
  return Object.entries(packages).flatMap(([key, entry]) => {
    const resolution = isRecord(entry) && isRecord(entry['resolution']) ? entry['resolution'] : {};
    // What is not of a registry has an address or a folder of its own.
    if ('tarball' in resolution || 'directory' in resolution || 'repo' in resolution) return [];
    const [, name, version] = /^\/?((?:@[^/@]+\/)?[^/@]+)[@/]([^(_]+)/.exec(key) ?? [];
    return name === undefined || version === undefined || version.includes(':') ? [] : [`${name}@${version}`];
  });
}

function ofBerry(document: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(document).flatMap((entry) => {
    const resolution = isRecord(entry) ? entry['resolution'] : undefined;
    const [, name, version] =
      typeof resolution === 'string' ? (/^(@?[^@]+)@npm:([^:]+)$/.exec(resolution) ?? []) : [];
    return name === undefined || version === undefined ? [] : [`${name}@${version}`];
  });
}

const linesOf = (content: string): readonly string[] =>
  content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function isGoSum(content: string): boolean {
  const lines = linesOf(content);
  return lines.length > 0 && lines.every((line) => /^\S+ v\S+ h1:\S+$/.test(line));
}

/** `go.dev/ref/mod#go-sum-files`: modules, and the `go.mod` files that say what they need, also of versions that nothing uses. */
function ofGo(content: string): readonly string[] {
  const all = linesOf(content).map((line) => line.split(' ').slice(0, 2).join('@'));
  const whole = new Set(all.filter((name) => !name.endsWith('/go.mod')));
  return all.filter((name) => whole.has(name) || !whole.has(name.replace(/\/go\.mod$/, '')));
}

/** Version 1: a line of `NAME@RANGE`s, and below it, indented, what that came to. */
function ofYarn(content: string): readonly string[] {
  return content.split(/\r?\n(?=\S)/).flatMap((block) => {
    const [, quoted, bare] = /^(?:"([^"]+)"|([^\s",#]+)).*:\s*$/m.exec(block.split('\n')[0] ?? '') ?? [];
    const [, version] = /^ {2}version "([^"]+)"/m.exec(block) ?? [];
    const [, resolved] = /^ {2}resolved "([^"]+)"/m.exec(block) ?? [];
    const name = nameIn(quoted ?? bare ?? '');
    if (name === undefined || version === undefined) return [];
    return resolved === undefined || /^https?:.*\.tgz(#|$)/.test(resolved) ? [`${name}@${version}`] : [];
  });
}

/** Of `NAME@RANGE`; of an alias, `OTHER@npm:NAME@RANGE`, what it stands for. */
function nameIn(descriptor: string): string | undefined {
  const alias = descriptor.indexOf('@npm:');
  const text = alias > 0 ? descriptor.slice(alias + 5) : descriptor;
  const at = text.indexOf('@', 1);
  if (at < 0) return alias > 0 ? text : undefined;
  return /^(?:file|link|git|https?|workspace):/.test(text.slice(at + 1)) ? undefined : text.slice(0, at);
}
