import { randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../exit.ts';
import type { Io } from '../io.ts';

/**
 * Where the command line keeps things, all of it for one person:
 *
 *   $ENTREPOT_CONFIG, or $XDG_CONFIG_HOME/entrepot, or ~/.config/entrepot
 *     settings.json     properties and the registry hosts that belong to each server
 *     logins.json       access tokens by server, mode 0600
 *   $DOCKER_CONFIG/config.json, or ~/.docker/config.json
 */
export const filesOf = ({ env, home }: Pick<Io, 'env' | 'home'>) => {
  const own = env['ENTREPOT_CONFIG'] || join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'entrepot');
  return {
    settings: join(own, 'settings.json'),
    logins: join(own, 'logins.json'),
    docker: join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  } as const;
};

/** A JSON object from a file; empty when there is no file. A damaged file is an error that names it. */
export async function readJsonObject(path: string): Promise<Readonly<Record<string, unknown>>> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return {};
    throw new CliError('failed', `cannot read ${path}: ${reasonOf(cause)}`, cause);
  }
  if (content.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(content);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new CliError('usage', `${path} is not JSON (${reasonOf(cause)}); repair it or move it away`, cause);
  }
  throw new CliError('usage', `${path} does not hold a JSON object; repair it or move it away`);
}

/** Replaces a file whole: a reader sees the old content or the new. A file that exists gets no wider mode than it had. */
export async function writeJsonObject(path: string, content: unknown, mode: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const target = await realpath(path).catch(() => path);
    const kept = await stat(target).then(
      (found) => found.mode & 0o777 & mode,
      () => mode,
    );
    const draft = `${target}.${randomUUID()}`;
    try {
      await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: kept, flag: 'wx' });
      await rename(draft, target);
    } catch (thrown) {
      await rm(draft, { force: true });
      throw thrown;
    }
  } catch (cause) {
    throw new CliError('failed', `cannot write ${path}: ${reasonOf(cause)}`, cause);
  }
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';

const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
