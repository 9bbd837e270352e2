import { linkSync, lstatSync, unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { BlobInfo } from '../../core/blob.ts';
import { uploadUnknown } from './expectation.ts';
import type { Layout } from './layout.ts';
import { syncDirectory } from './prepare-root.ts';
import type { StageFile } from './stage-file.ts';
import { isAbsent } from './storage-error.ts';

/**
 * How far a commit has come. `staged`: every byte is written; `hashed`: they are the expected ones; `synced`: they are
 * on the disk; `named`: they have their final name too; `unstaged`: they have only that; `directory-synced`: so they
 * have after a power failure.
 */
export const PUBLISH_STEPS = ['staged', 'hashed', 'synced', 'named', 'unstaged', 'directory-synced'] as const;
export type PublishStep = (typeof PUBLISH_STEPS)[number];

interface Publication {
  readonly layout: Layout;
  readonly id: string;
  readonly file: StageFile;
  readonly as: Pick<BlobInfo, 'digest' | 'generation'>;
  readonly onStep: (step: PublishStep) => void;
}

/**
 * Gives a stage its final name. A hard link, because it fails where a rename would replace. A sync that fails is not
 * tried again: the kernel may have dropped the bytes it could not write and call the next one a success.
 */
export async function publish({ layout, id, file, as, onStep }: Publication): Promise<void> {
  const stage = layout.upload(id);
  const object = layout.object(as);
  await file.sync();
  onStep('synced');
  try {
    linkSync(stage, object);
  } catch (error) {
    throw isAbsent(error) && !exists(stage) ? uploadUnknown() : error;
  }
  onStep('named');
  try {
    unstage(stage);
    onStep('unstaged');
    await syncDirectory(layout.shard(as.digest));
    onStep('directory-synced');
  } catch (error) {
    await removeName(object).catch(() => undefined);
    throw error;
  }
}

/** Absence counts as done. */
export async function removeName(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Takes a stage's name from bytes that have another: nothing is freed, so this is brief. Absence counts as done. */
export function unstage(stage: string): void {
  try {
    unlinkSync(stage);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
