import type { Document, IndexKey, RenderView } from '../../core/index-kind.ts';
import { ALL_BELOW, type Folder, type ListedEntry } from './folder.ts';
import { folderPage, PAGE_HEADERS } from './folder-page.ts';
import { segmentsOfFolder } from './places.ts';
import { wantedForm } from './wanted-form.ts';

const VARY = { vary: 'accept' };

/** A page for people, or JSON for programs. */
export function renderFolder(folder: Folder, key: IndexKey, view: RenderView): Document {
  const segments = segmentsOfFolder(key.of);
  const next = folder.more ? folder.entries.at(-1)?.key : undefined;
  const token = next === undefined ? undefined : Buffer.from(next).toString('base64url');
  if (wantedForm(view.headers, view.query) === 'json')
    return {
      contentType: 'application/json',
      body: renderJson(folder, segments, { token, isDeep: key.filter === ALL_BELOW }),
      headers: VARY,
    };
  return {
    contentType: 'text/html; charset=utf-8',
    body: folderPage(folder, { segments, basePath: view.basePath, next: nextLink(view, token) }),
    headers: { ...VARY, ...PAGE_HEADERS },
  };
}

function renderJson(
  { entries }: Folder,
  segments: readonly string[],
  { token, isDeep }: { readonly token: string | undefined; readonly isDeep: boolean },
): string {
  const folder = segments.map((segment) => `${segment}/`).join('');
  const files = entries.flatMap(({ file, name }) =>
    file
      ? [
          {
            path: isDeep ? name : folder + name,
            size: file.size,
            sha256: file.sha256,
            uploadTime: new Date(file.uploadedAt).toISOString(),
          },
        ]
      : [],
  );
  const document = {
    path: folder,
    ...(isDeep ? {} : { folders: entries.flatMap((entry) => foldersOf(folder, entry)) }),
    files,
    ...(token !== undefined && { nextPageToken: token }),
  };
  return `${JSON.stringify(document)}\n`;
}

const foldersOf = (folder: string, { isFolder, name }: ListedEntry) =>
  isFolder ? [{ path: `${folder}${name}/` }] : [];

function nextLink({ query }: RenderView, token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const wanted = new URLSearchParams(query);
  wanted.set('pageToken', token);
  return `?${wanted.toString()}`;
}
