import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders that version control keeps its own in. */
const VERSION_CONTROL = new Set(['.bzr', '.git', '.hg', '.svn']);

/**
 * Paths of a module's files below its folder, in byte order, as the go command's own archives have them (golang.org/x/mod/zip,
 * CreateFromDir): without modules inside it, packages that it vendors, links, and version control's.
 */
export async function moduleFiles(folder: string): Promise<readonly string[]> {
  const isNew = isSince124(await readFile(join(folder, 'go.mod'), 'utf8').catch(() => ''));
  const found: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!VERSION_CONTROL.has(entry.name) && !(await isModule(join(folder, path)))) await walk(path);
      } else if (entry.isFile() && !isVendored(path, isNew) && path !== '.hg_archival.txt') found.push(path);
    }
  };
  await walk('');
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const isModule = (folder: string): Promise<boolean> =>
  lstat(join(folder, 'go.mod')).then(
    (found) => !found.isDirectory(),
    () => false,
  );

/** What was vendored is told in another way since Go 1.24, for modules that say so. */
function isVendored(path: string, isNew: boolean): boolean {
  if (isNew && path === 'vendor/modules.txt') return true;
  const inner = path.indexOf('/vendor/');
  if (path.startsWith('vendor/')) return path.slice('vendor/'.length).includes('/');
  if (inner === -1) return false;
  return path.slice((isNew ? inner : 0) + '/vendor/'.length).includes('/');
}

function isSince124(goMod: string): boolean {
  const [, major = '0', minor = '0'] = /^\s*go\s+(\d+)\.(\d+)/m.exec(goMod) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 24);
}
