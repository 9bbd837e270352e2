import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** A directory of its own, gone when it is disposed of. In lower case: podman makes an image name of the path. */
export async function scratch(purpose: string): Promise<Scratch> {
  const path = join(tmpdir(), `entrepot-${purpose}-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(path, { mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
