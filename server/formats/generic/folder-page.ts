import { createHash } from 'node:crypto';
import { escapeHtml } from '../../lib/html-text.ts';
import type { Folder, ListedEntry } from './folder.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #d8dee4; --quiet: #57606a; --link: #0a58ca; --over: #f6f8fa }
@media (prefers-color-scheme: dark) { :root { --line: #30363d; --quiet: #9198a1; --link: #6cb6ff; --over: #161b22 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 1.25rem; unicode-bidi: isolate }
a { color: var(--link); text-decoration: none; unicode-bidi: isolate }
a:hover, a:focus { text-decoration: underline }
table { border-collapse: collapse; width: 100% }
th { color: var(--quiet); font-size: .875rem; font-weight: 500; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .5rem; vertical-align: top }
tbody tr:hover { background: var(--over) }
.size { text-align: right; white-space: nowrap }
.time { white-space: nowrap }
.hash { color: var(--quiet); font: .8125rem/1.85 ui-monospace, monospace }
td.size, td.time { color: var(--quiet); font-variant-numeric: tabular-nums }
.empty { color: var(--quiet) }
nav.next { margin-top: 1rem }
@media (max-width: 44rem) { .hash, .time { display: none } }
`;

/** A page of ours is read, and does nothing. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
    `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

interface Shown {
  readonly segments: readonly string[];
  /** Where the repository is, without a slash at the end. */
  readonly basePath: string;
  /** Where the next page is. */
  readonly next: string | undefined;
}

/** A folder for people. Every name in it is text, whatever it holds. */
export function folderPage({ entries }: Folder, { segments, basePath, next }: Shown): string {
  const here = addressOf(basePath, segments);
  const rows = [
    ...(segments.length > 0 ? [upward(basePath, segments)] : []),
    ...entries.map((entry) => row(here, entry)),
  ];
  const title = [basePath.slice(1), ...segments].join('/');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}/</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${trail(basePath, segments)}</h1>
<table>
<thead><tr><th scope="col">Name</th><th scope="col" class="size">Size</th><th scope="col" class="time">Uploaded</th><th scope="col" class="hash">SHA-256</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
${entries.length === 0 ? '<p class="empty">There is nothing here yet.</p>\n' : ''}${
    next === undefined
      ? ''
      : `<nav class="next"><a rel="next" href="${escapeHtml(next)}">More files</a></nav>\n`
  }</body>
</html>
`;
}

const addressOf = (basePath: string, segments: readonly string[]): string =>
  `${basePath}/${segments.map((segment) => `${encodeURIComponent(segment)}/`).join('')}`;

const link = (address: string, text: string): string =>
  `<a href="${escapeHtml(address)}">${escapeHtml(text)}</a>`;

function trail(basePath: string, segments: readonly string[]): string {
  const top = link(`${basePath}/`, basePath.slice(1));
  const folders = segments.map((segment, at) =>
    at === segments.length - 1
      ? `<bdi>${escapeHtml(segment)}</bdi>`
      : link(addressOf(basePath, segments.slice(0, at + 1)), segment),
  );
  return [top, ...folders].join(' / ');
}

const upward = (basePath: string, segments: readonly string[]): string =>
  `<tr><td colspan="4">${link(addressOf(basePath, segments.slice(0, -1)), '..')}</td></tr>`;

function row(here: string, { name, isFolder, file }: ListedEntry): string {
  const slash = isFolder ? '/' : '';
  const address = `${here}${name.split('/').map(encodeURIComponent).join('/')}${slash}`;
  const time = file && new Date(file.uploadedAt).toISOString();
  return (
    `<tr><td>${link(address, name + slash)}</td>` +
    `<td class="size">${file ? sizeText(file.size) : ''}</td>` +
    `<td class="time">${time === undefined ? '' : `<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')}</time>`}</td>` +
    `<td class="hash">${file ? file.sha256 : ''}</td></tr>`
  );
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `17 bytes`, `1.4 MiB`. */
function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  let [size, unit]: readonly [number, string] = [bytes, ''];
  for (const each of UNITS) {
    if (size < 1_024 && unit !== '') break;
    [size, unit] = [size / 1_024, each];
  }
  return `${size.toFixed(1)} ${unit}`;
}
