import { join } from 'node:path';
import type { BlobInfo, Digest } from '../../core/blob.ts';
import { RegistryError } from '../../core/error.ts';

const HEX_PAIRS: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));
const UPLOAD = /^[0-9a-f]{32}$/;
const OBJECT = /^([0-9a-f]{64})\.([0-9a-f]{32})$/;

/** What the marker says. A root that says something else was made by a program we do not know. */
export const LAYOUT = 'entrepot blobs 1\n';

/** Where the filesystem store keeps things. */
export interface Layout {
  readonly root: string;
  readonly marker: string;
  readonly uploads: string;
  readonly objects: string;
  readonly shards: readonly string[];
  /** Made when something is first set aside. */
  readonly quarantine: string;
  shard(digest: Digest): string;
  object(blob: Pick<BlobInfo, 'digest' | 'generation'>): string;
  aside(blob: Pick<BlobInfo, 'digest' | 'generation'>): string;
  upload(id: string): string;
}

/**
 * Nothing outside this file joins a storage path.
 *
 *   <root>/
 *     layout                              the words of LAYOUT, written last when the store is made
 *     uploads/<id>                        bytes still arriving
 *     sha256/<2 hex>/<hex>.<generation>   committed bytes, named by what they are and by who put them there
 *     quarantine/<hex>.<generation>       objects that no row named, until they are deleted
 *
 * Ids and generations are 32 random hex digits and never used twice.
 */
export function layout(root: string): Layout {
  const uploads = join(root, 'uploads');
  const objects = join(root, 'sha256');
  const quarantine = join(root, 'quarantine');
  const shard = (digest: Digest): string => join(objects, digest.slice(7, 9));
  return {
    root,
    marker: join(root, 'layout'),
    uploads,
    objects,
    shards: HEX_PAIRS.map((pair) => join(objects, pair)),
    shard,
    quarantine,
    object: (blob) => join(objects, nameOf(blob).slice(0, 2), nameOf(blob)),
    aside: (blob) => join(quarantine, nameOf(blob)),
    upload: (id) => join(uploads, id),
  };
}

function nameOf({ digest, generation }: Pick<BlobInfo, 'digest' | 'generation'>): string {
  const name = `${digest.slice(7)}.${generation}`;
  if (!OBJECT.test(name)) throw new RegistryError('INTERNAL', 'BLOB_NAME', 'not the name of a stored object');
  return name;
}

export const isUploadId = (name: string): boolean => UPLOAD.test(name);

/** What a file name in a shard says, or nothing when no object is called so. */
export function parseObject(name: string): Pick<BlobInfo, 'digest' | 'generation'> | undefined {
  const [, hex, generation] = OBJECT.exec(name) ?? [];
  return hex === undefined || generation === undefined ? undefined : { digest: `sha256:${hex}`, generation };
}
