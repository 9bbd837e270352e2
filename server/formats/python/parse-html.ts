import { versionInFile } from './filenames.ts';
import { unescapeHtml } from '../../lib/html-text.ts';
import { Turns } from '../../lib/turns.ts';
import { addressIn, hashesIn, isPlainName } from './listed-fields.ts';
import { type ListedDistribution, type Project, projectFrom, requireFewVersions } from './project.ts';

/** Links that are read before others have their turn. */
const ANCHORS = 500;

interface Anchor {
  readonly attributes: ReadonlyMap<string, string>;
  text: string;
}

/** Reads an index in HTML (PEP 503); nothing for a page that is none. */
export async function parseHtmlProject(
  html: string,
  name: string,
  url: string,
): Promise<Project | undefined> {
  const anchors: Anchor[] = [];
  const meta = new Map<string, string>();
  let base: string | undefined;
  const rewriter = new HTMLRewriter()
    .on('base', {
      element(element) {
        base ??= unescapeHtml(element.getAttribute('href') ?? '');
      },
    })
    .on('meta', {
      element(element) {
        meta.set(element.getAttribute('name') ?? '', unescapeHtml(element.getAttribute('content') ?? ''));
      },
    })
    .on('a', {
      element(element) {
        anchors.push({ attributes: new Map(element.attributes), text: '' });
      },
      text({ text }) {
        const last = anchors.at(-1);
        if (last) last.text += text;
      },
    });
  await rewriter.transform(new Response(html)).text();
  const files = new Map<string, ListedDistribution>();
  const turns = new Turns(ANCHORS);
  for (const anchor of anchors) {
    const file = fileOf(anchor, name, addressIn(base ?? '', url) ?? url);
    if (file && !files.has(file.filename)) files.set(file.filename, file);
    if (turns.isOver(1)) await turns.pass();
  }
  requireFewVersions(files.values());
  // A page without a single file of the project is one that people see, such as a log-in.
  const isIndex = files.size > 0 || meta.has('pypi:repository-version') || /<title>\s*links for/i.test(html);
  const status = meta.get('pypi:project-status');
  const reason = meta.get('pypi:project-status-reason');
  return isIndex
    ? projectFrom(name, files.values(), {
        status: status === undefined ? undefined : { status, ...(reason !== undefined && { reason }) },
      })
    : undefined;
}

function fileOf({ attributes, text }: Anchor, name: string, base: string): ListedDistribution | undefined {
  const attribute = (key: string): string | undefined => {
    const value = attributes.get(key);
    return value === undefined ? undefined : unescapeHtml(value);
  };
  const href = attribute('href');
  if (href === undefined) return undefined;
  const [address = '', fragment = ''] = href.split('#', 2);
  const filename = unescapeHtml(text).trim();
  const version = isPlainName(filename) ? versionInFile(name, filename) : undefined;
  const url = addressIn(address, base);
  if (version === undefined || url === undefined) return undefined;
  const metadata = metadataIn(attribute('data-core-metadata') ?? attribute('data-dist-info-metadata'));
  const requiresPython = attribute('data-requires-python');
  const yanked = attribute('data-yanked');
  const provenance = attribute('data-provenance');
  return {
    filename,
    version,
    url,
    hashes: hashIn(fragment),
    ...(requiresPython !== undefined && requiresPython !== '' && { requiresPython }),
    ...(yanked !== undefined && { yanked }),
    ...(metadata && { metadata }),
    ...(provenance !== undefined && { provenance }),
  };
}

const hashIn = (text: string): ReadonlyMap<string, string> => {
  const [, algorithm, hex] = /^(\w+)=([0-9a-f]+)$/i.exec(text) ?? [];
  return algorithm === undefined ? new Map() : hashesIn({ [algorithm.toLowerCase()]: hex });
};

const metadataIn = (text: string | undefined): ReadonlyMap<string, string> | undefined =>
  text === undefined || text === 'false' ? undefined : hashIn(text);
