import { usage } from '../../exit.ts';
import { isRecord } from '../../output/scalar.ts';

type Table = Readonly<Record<string, unknown>>;

/** Whether it is a lock file in TOML: of uv, of poetry, or the standard's (packaging.python.org/specifications/pylock-toml). */
export const isTomlLock = (content: string): boolean => /^\s*\[\[packages?\]\]\s*$/m.test(content);

/** The files that it names, each as `NAME/FILE`. What is of no index is left out. */
export function ofToml(document: Table): readonly string[] {
  if (Array.isArray(document['packages'])) return tablesOf(document['packages']).flatMap(ofPylock);
  const metadata = isRecord(document['metadata']) ? document['metadata'] : {};
  const filesBefore = isRecord(metadata['files']) ? metadata['files'] : {};
  return tablesOf(document['package']).flatMap((each) =>
    // Of poetry's, the files are by name; before lock-version 2 they stood together at the end.
    'wheels' in each || 'sdist' in each ? ofUv(each) : ofPoetry(each, filesBefore),
  );
}

function ofPylock(each: Table): readonly string[] {
  if ('vcs' in each || 'directory' in each || 'archive' in each) return [];
  return namedFiles(each, [...tablesOf(each['wheels']), ...tablesOf([each['sdist']])]);
}

function ofUv(each: Table): readonly string[] {
  const source = isRecord(each['source']) ? each['source'] : {};
  if (!('registry' in source)) return [];
  return namedFiles(each, [...tablesOf(each['wheels']), ...tablesOf([each['sdist']])]);
}

function ofPoetry(each: Table, before: Table): readonly string[] {
  const { type = 'legacy' } = isRecord(each['source']) ? each['source'] : {};
  if (type !== 'legacy') return [];
  return namedFiles(each, tablesOf(each['files'] ?? before[String(each['name'])]));
}

function namedFiles({ name }: Table, files: readonly Table[]): readonly string[] {
  if (typeof name !== 'string') return [];
  return files.flatMap(({ file, name: called, url }) => {
    const [filename] = [file, called, lastOf(url)].filter((text) => typeof text === 'string' && text !== '');
    return typeof filename === 'string' ? [`${name}/${filename}`] : [];
  });
}

/** What an address ends in. */
function lastOf(url: unknown): string | undefined {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  // Of all that file names have, the plus of local versions is what addresses escape.
  return parsed?.pathname.split('/').at(-1)?.replaceAll(/%2b/gi, '+');
}

const tablesOf = (list: unknown): readonly Table[] => (Array.isArray(list) ? list.filter(isRecord) : []);

const REQUIREMENT =
  /^(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?<rest>[^A-Za-z0-9\s[].*)?$/;
/** Exactly this one, and not whatever begins like it. */
const PINNED = /^===?\s*(?<version>[^\s;,*]+)\s*(?:;.*)?$/;

/** The lines of a requirements file (pip.pypa.io/en/stable/reference/requirements-file-format), comments and hashes apart. */
const linesOf = (content: string): readonly { readonly text: string; readonly hashes: readonly string[] }[] =>
  content
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({
      text: line.replaceAll(/\s--\S+/g, '').trim(),
      hashes: Array.from(line.matchAll(/\s--hash[= ](\w+:[0-9a-fA-F]+)/g), ([, hash = '']) => hash),
    }));

/** Options, files and addresses name nothing of an index. */
const isElsewhere = (text: string): boolean =>
  text === '' || /^(?:-|\.|\/)/.test(text) || /^\S*:\/\//.test(text) || /^[^;]*@\s*\S+/.test(text);

/** Whether each line is what such a file has, and one of them says of a project which version it wants. */
export function isRequirements(content: string): boolean {
  const named = linesOf(content).filter(({ text }) => !isElsewhere(text));
  return (
    named.some(({ text }) => /[=<>~!]=?/.test(text)) && named.every(({ text }) => REQUIREMENT.test(text))
  );
}

/** What it wants, each as `NAME==VERSION`, with a hash where it names hashes. Refuses what leaves the version open. */
export function ofRequirements(content: string, file: string): readonly string[] {
  return linesOf(content).flatMap(({ text, hashes }) => {
    if (isElsewhere(text)) return [];
    const { name = '', rest = '' } = REQUIREMENT.exec(text)?.groups ?? {};
    const version = PINNED.exec(rest)?.groups?.['version'];
    if (version === undefined)
      throw usage(
        `${file} does not say which version of ${name} it wants; make it with "pip freeze", "uv pip compile" or "pip-compile"`,
      );
    const pinned = `${name}==${version}`;
    return hashes.length === 0 ? [pinned] : hashes.map((hash) => `${pinned} --hash=${hash}`);
  });
}
