import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publicAddress, publicMissing, unreachable } from './public-registry.ts';
import { attempt } from './run.ts';

/** A module that others need everywhere. */
const SAMPLE = 'pkg:golang/github.com/google/uuid@v1.6.0';

/** Why the public proxy of Go cannot be asked from this machine; undefined when it can. */
export const publicGoMissing = (): Promise<string | undefined> => publicMissing(SAMPLE);

/** The key of the public checksum database, as it is in the source of this machine's go command; nothing where it cannot be had. */
export async function publicChecksumKey(): Promise<string | undefined> {
  const url = publicAddress(SAMPLE);
  const root = await attempt(['go', 'env', 'GOROOT']).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
  const file = join(root, 'src', 'cmd', 'go', 'internal', 'modfetch', 'key.go');
  const source = await readFile(file, 'utf8').catch(() => '');
  const key = /"([^"\s+]+\+[0-9a-f]{8}\+[^"\s]+)"/.exec(source)?.[1];
  if (url === undefined || key === undefined) return undefined;
  const name = key.slice(0, key.indexOf('+'));
  const isRelayed = (await unreachable(new URL(`/sumdb/${name}/supported`, url))) === undefined;
  return isRelayed ? key : undefined;
}
