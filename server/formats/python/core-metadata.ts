import { invalid, type RegistryError } from '../../core/error.ts';

/** What a distribution says of itself (packaging.python.org/specifications/core-metadata), as far as it is used. */
export interface CoreMetadata {
  readonly name: string;
  readonly version: string;
  readonly requiresPython?: string;
  readonly summary?: string;
  readonly author?: string;
  readonly license?: string;
  readonly homePage?: string;
  readonly keywords?: string;
}

const ONCE = ['metadata-version', 'name', 'version', 'requires-python'] as const;
const LONGEST_TEXT = 2_048;

/** Reads METADATA of a wheel, or PKG-INFO of a source archive. METADATA_INVALID for what names no project and version. */
export function parseCoreMetadata(bytes: Uint8Array): CoreMetadata {
  const fields = fieldsIn(textOf(bytes));
  for (const field of ONCE)
    if ((fields.get(field)?.length ?? 0) > 1) throw refuse(`it says ${field} more than once`);
  const first = (field: string): string | undefined => {
    const value = fields.get(field)?.[0]?.slice(0, LONGEST_TEXT);
    return value === '' || value === 'UNKNOWN' ? undefined : value;
  };
  const [name, version] = [first('name'), first('version')];
  if (name === undefined || version === undefined) throw refuse('it must say a name and a version');
  const optional = {
    requiresPython: first('requires-python'),
    summary: first('summary'),
    author: first('author') ?? first('author-email'),
    license: first('license-expression') ?? first('license')?.split('\n')[0],
    homePage: first('home-page') ?? homePageIn(fields.get('project-url') ?? []),
    keywords: first('keywords'),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    name,
    version,
    ...(Object.fromEntries(given) as typeof optional & Record<never, string>),
  } as CoreMetadata;
}

/** By the field's name in lower case. What follows the first empty line is a description. */
function fieldsIn(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') break;
    if (/^[ \t]/.test(line)) {
      const value = last?.pop();
      if (value !== undefined) last?.push(`${value}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw refuse(`${JSON.stringify(line.slice(0, 80))} in it is no field`);
    const name = line.slice(0, colon).toLowerCase();
    last = fields.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    fields.set(name, last);
  }
  return fields;
}

function homePageIn(urls: readonly string[]): string | undefined {
  for (const each of urls) {
    const [, label = '', url] = /^([^,]*),\s*(\S+)$/.exec(each) ?? [];
    if (/^home\s*-?page$/i.test(label.trim())) return url;
  }
  return undefined;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('it is not UTF-8');
  }
}

const refuse = (why: string): RegistryError =>
  invalid('METADATA_INVALID', `Invalid distribution metadata: ${why}`);
