import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scratch } from '../harness/scratch.ts';
import type { Stage } from './client.ts';

/** A stage that nobody has been on, so that no layer, no manifest and no password of an earlier client is known. */
export async function newStage({ path }: Scratch, host: string, name: string): Promise<Stage> {
  const directory = join(path, `${name}-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(directory);
  return { host, directory };
}
