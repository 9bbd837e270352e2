import { invalid } from '../../core/error.ts';
import { normalName } from './names.ts';
import { normalVersion, parseVersion } from './versions.ts';

export type DistributionKind = 'wheel' | 'sdist';

/** What a file's name says of it. */
export interface NamedFile {
  readonly kind: DistributionKind;
  /** As the file writes it. */
  readonly name: string;
  /** As the file writes it. */
  readonly version: string;
}

const SDISTS = ['.tar.gz', '.zip'] as const;
const LONGEST = 240;

/**
 * What the name of a file that is uploaded says. FILENAME_INVALID for any but wheels and source archives, named as
 * packaging.python.org/specifications has it (binary-distribution-format, source-distribution-format).
 */
export function uploadedFile(filename: string): NamedFile {
  const named = filename.length <= LONGEST && /^[\w.!+-]+$/.test(filename) ? read(filename) : undefined;
  if (named) return named;
  const shown = filename.slice(0, 300);
  throw invalid(
    'FILENAME_INVALID',
    `Invalid distribution filename ${JSON.stringify(shown)}: name it NAME-VERSION-PYTHON-ABI-PLATFORM.whl or NAME-VERSION.tar.gz, ` +
      'as build tools do',
    { filename: shown },
  );
}

function read(filename: string): NamedFile | undefined {
  if (filename.endsWith('.whl')) {
    const parts = filename.slice(0, -4).split('-');
    const [name = '', version = ''] = parts;
    const build = parts.length === 6 ? parts[2] : undefined;
    const isWhole = (parts.length === 5 || (build !== undefined && /^\d/.test(build))) && !parts.includes('');
    return isWhole && parseVersion(version) ? { kind: 'wheel', name, version } : undefined;
  }
  const suffix = SDISTS.find((each) => filename.endsWith(each));
  if (!suffix) return undefined;
  const stem = filename.slice(0, -suffix.length);
  const dash = stem.lastIndexOf('-');
  const [name, version] = [stem.slice(0, dash), stem.slice(dash + 1)];
  return dash > 0 && parseVersion(version) ? { kind: 'sdist', name, version } : undefined;
}

/**
 * The version that a file of a project is of, as text, for files of any age and kind that indexes list: also `.egg` and
 * `.exe`, and source archives whose version is written with hyphens. Nothing where its name does not say.
 */
export function versionInFile(project: string, filename: string): string | undefined {
  const stem =
    /^(?<stem>.+?)(?:\.whl|\.tar\.(?:gz|bz2|xz|Z)|\.tgz|\.zip|\.egg|\.exe|\.msi|\.rpm|\.deb|\.dmg)$/.exec(
      filename,
    )?.groups?.['stem'];
  if (stem === undefined) return undefined;
  for (let dash = stem.indexOf('-'); dash !== -1; dash = stem.indexOf('-', dash + 1)) {
    if (normalName(stem.slice(0, dash)) !== project) continue;
    const rest = stem.slice(dash + 1);
    const isBuilt = !/\.(?:tar\.\w+|tgz|zip)$/.test(filename);
    const version = isBuilt ? rest.split('-')[0] : rest;
    if (version !== undefined && version !== '') return normalVersion(version);
  }
  return undefined;
}
