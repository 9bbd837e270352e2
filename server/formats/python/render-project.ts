import { escapeHtml } from '../../lib/html-text.ts';
import { filePath } from './names.ts';
import type { ListedDistribution, Project } from './project.ts';

/** What we answer in: PEP 700 and, without its newer parts, what follows it. */
export const API_VERSION = '1.4';

/** Where things of a repository are. */
export interface Places {
  file(filename: string): string;
  provenance(file: ListedDistribution): string;
}

/** Below a repository's address, without a slash at its end. */
export function placesBelow(baseUrl: string, name: string): Places {
  return {
    file: (filename) => `${baseUrl}/${encodedPath(filePath(name, filename))}`,
    provenance: ({ filename, version }) =>
      `${baseUrl}/${encodedPath(`integrity/${name}/${version}/${filename}/provenance`)}`,
  };
}

const encodedPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** PEP 691, 700, 714, 740 and 792. */
export function* renderJson(project: Project, places: Places): Generator<string> {
  const { name, status, versions, files } = project;
  const meta = { 'api-version': API_VERSION };
  const head = { meta, name, versions, ...(status && { 'project-status': status }) };
  yield `${JSON.stringify(head).slice(0, -1)},"files":[`;
  let comma = '';
  for (const file of shownFiles(project, files)) {
    yield comma + JSON.stringify(jsonFile(file, places));
    comma = ',';
  }
  yield ']}';
}

function jsonFile(file: ListedDistribution, places: Places): object {
  const { filename, hashes, requiresPython, size, uploadTime, yanked, metadata, provenance } = file;
  return {
    filename,
    url: places.file(filename),
    hashes: Object.fromEntries(hashes),
    ...(requiresPython !== undefined && { 'requires-python': requiresPython }),
    ...(size !== undefined && { size }),
    ...(uploadTime !== undefined && { 'upload-time': uploadTime }),
    yanked: yanked === undefined ? false : yanked || true,
    // Never by the older name too: clients of that time cannot read what stands there (PEP 714).
    'core-metadata': metadata ? (metadata.size > 0 ? Object.fromEntries(metadata) : true) : false,
    ...(provenance !== undefined && { provenance: places.provenance(file) }),
  };
}

/** PEP 503, 592, 658, 714 and 740. */
export function* renderHtml(project: Project, places: Places): Generator<string> {
  const title = `Links for ${escapeHtml(project.name)}`;
  const { status } = project;
  yield `<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="${API_VERSION}">${
    status
      ? `<meta name="pypi:project-status" content="${escapeHtml(status.status)}">${
          status.reason === undefined
            ? ''
            : `<meta name="pypi:project-status-reason" content="${escapeHtml(status.reason)}">`
        }`
      : ''
  }<title>${title}</title></head><body><h1>${title}</h1>\n`;
  for (const file of shownFiles(project, project.files)) yield anchor(file, places);
  yield '</body></html>\n';
}

function anchor(file: ListedDistribution, places: Places): string {
  const { filename, hashes, requiresPython, yanked, metadata, provenance } = file;
  const [hash] = ['sha256', ...hashes.keys()].filter((algorithm) => hashes.has(algorithm));
  const fragment = hash === undefined ? '' : `#${hash}=${hashes.get(hash)}`;
  const digest = metadata && (metadata.has('sha256') ? `sha256=${metadata.get('sha256')}` : 'true');
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ['href', places.file(filename) + fragment],
    ['data-requires-python', requiresPython],
    ['data-yanked', yanked],
    ['data-core-metadata', digest],
    ['data-dist-info-metadata', digest],
    ['data-provenance', provenance === undefined ? undefined : places.provenance(file)],
  ];
  const text = attributes.map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${escapeHtml(value)}"`,
  );
  return `<a${text.join('')}>${escapeHtml(filename)}</a><br>\n`;
}

/** What is in quarantine is not offered (PEP 792). */
const shownFiles = ({ status }: Project, files: Project['files']): Iterable<ListedDistribution> =>
  status?.status === 'quarantined' ? [] : files.values();

/** The root index (PEP 503 and 691). */
export function* renderRootJson(names: readonly string[]): Generator<string> {
  yield `{"meta":{"api-version":"${API_VERSION}"},"projects":[`;
  for (let from = 0; from < names.length; from += 1_000)
    yield (
      (from === 0 ? '' : ',') +
        names
          .slice(from, from + 1_000)
          .map((name) => `{"name":${JSON.stringify(name)}}`)
          .join(',')
    );
  yield ']}';
}

export function* renderRootHtml(names: readonly string[], baseUrl: string): Generator<string> {
  yield `<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="${API_VERSION}"><title>Simple index</title></head><body>\n`;
  for (let from = 0; from < names.length; from += 1_000)
    yield names
      .slice(from, from + 1_000)
      .map((name) => `<a href="${escapeHtml(`${baseUrl}/simple/${name}/`)}">${escapeHtml(name)}</a><br>\n`)
      .join('');
  yield '</body></html>\n';
}
