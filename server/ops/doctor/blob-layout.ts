import { readFileSync } from 'node:fs';
import { LAYOUT, layout } from '../../stores/blobs/layout.ts';
import { type Check, codeOf, fail, ok } from './check.ts';
import { lookAt } from './look-at.ts';

/** Whether the blob store was made by a program that we know, and is whole. */
export const blobLayout: Check = {
  name: 'blob store',
  needs: ['blobs'],
  run({ paths }) {
    const at = layout(paths.blobs);
    let marker: string;
    try {
      marker = readFileSync(at.marker, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return fail(
        `${at.root} has no layout file: it was not finished, or is not a blob store`,
        'if it held contents, restore it from a backup; an empty one is finished by the next start of the server',
      );
    }
    if (marker !== LAYOUT)
      return fail(
        `its layout is ${JSON.stringify(marker.slice(0, 80))}, which this version does not know`,
        'run the version of entrepot that made it, or a later one',
      );
    const lost = [at.uploads, ...at.shards].find((path) => lookAt(path)?.isDirectory() !== true);
    return lost === undefined
      ? ok(marker.trim())
      : fail(`${lost} is gone`, 'restore the blob store from a backup');
  },
};
