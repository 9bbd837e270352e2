import { readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layout } from '../../stores/blobs/layout.ts';
import { type Check, count, fail, ok, size, warn } from './check.ts';
import { lookAt } from './look-at.ts';

/** Below so many reserves somebody should know. */
const RESERVES = 4;
const FEW_INODES = 10_000;

/** The directory, or what of the way to it there is. */
function existing(path: string): string {
  let at = path;
  while (lookAt(at) === undefined && at !== dirname(at)) at = dirname(at);
  return at;
}

export const freeSpace: Check = {
  name: 'free space',
  run({ paths, settings: { reserve } }) {
    const { bavail, bsize, blocks } = statfsSync(existing(paths.root));
    const free = bavail * bsize;
    const says = `${size(free)} of ${size(blocks * bsize)} free, ${size(reserve)} of it held in reserve`;
    if (free <= reserve)
      return fail(
        `${says}: uploads are refused`,
        'free some space, or lower --reserve; no restart is needed',
      );
    return free < RESERVES * reserve ? warn(says, 'free some space before uploads are refused') : ok(says);
  },
};

export const inodes: Check = {
  name: 'inodes',
  run({ paths }) {
    const { files, ffree } = statfsSync(existing(paths.root));
    if (files === 0) return ok('this file system does not count them');
    const says = `${ffree} of ${files} free`;
    if (ffree === 0)
      return fail(`${says}: no file can be made`, 'delete files, or use a file system with more');
    return ffree < FEW_INODES ? warn(says, 'each blob is a file: make room for more') : ok(says);
  },
};

/** A blob gets its final name by a hard link, which does not reach another file system. */
export const oneFileSystem: Check = {
  name: 'file system',
  needs: ['blobs'],
  run({ paths }) {
    const at = layout(paths.blobs);
    const device = lookAt(at.uploads)?.dev;
    const elsewhere = [at.objects, ...at.shards].find((path) => {
      const stats = lookAt(path);
      return stats !== undefined && stats.dev !== device;
    });
    return elsewhere === undefined
      ? ok('uploads and objects are on the same one')
      : fail(
          `${elsewhere} is on another file system than ${at.uploads}`,
          'mount all of the data directory as one',
        );
  },
};

/** Uploads that nobody can continue any more only take space. */
export const unfinishedUploads: Check = {
  name: 'unfinished uploads',
  needs: ['blobs'],
  run({ paths, settings, now }) {
    const { uploads } = layout(paths.blobs);
    const found = readdirSync(uploads).flatMap((name) => {
      const stats = lookAt(join(uploads, name));
      return stats ? [stats] : [];
    });
    const bytes = found.reduce((sum, stats) => sum + stats.size, 0);
    const expired = found.filter(({ mtimeMs }) => mtimeMs + settings.uploadExpiry < now());
    if (expired.length === 0) return ok(found.length === 0 ? 'none' : `${found.length} with ${size(bytes)}`);
    return warn(
      `${count(found.length, 'upload')} with ${size(bytes)}, ${expired.length} of them expired`,
      `expired files in ${uploads} can be deleted`,
    );
  },
};
