import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes, Descriptor, Digest } from './oci.ts';

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
export async function writeLayout(
  path: string,
  root: Descriptor,
  contents: ReadonlyMap<Digest, Bytes>,
  tag: string,
): Promise<void> {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true });
  const tagged = { ...root, annotations: { 'org.opencontainers.image.ref.name': tag } };
  await Bun.write(join(path, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await Bun.write(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
  for (const [digest, bytes] of contents) await Bun.write(join(path, 'blobs', ...digest.split(':')), bytes);
}

/** Digests that the layout's index.json lists. */
export async function layoutRoots(path: string): Promise<readonly Digest[]> {
  const { manifests } = (await Bun.file(join(path, 'index.json')).json()) as {
    readonly manifests: readonly Descriptor[];
  };
  return manifests.map(({ digest }) => digest);
}

export const layoutBlob = async (path: string, digest: Digest): Promise<Bytes> =>
  new Uint8Array(await Bun.file(join(path, 'blobs', ...digest.split(':'))).arrayBuffer());
