import { gunzipSync } from 'node:zlib';
import {
  type Bytes,
  type Descriptor,
  type Digest,
  digestOf,
  isIndex,
  type Manifest,
  mediaTypes,
  parseManifest,
  redigest,
} from './oci.ts';
import { UnexpectedAnswer } from './server.ts';

/** An image name on a server, and someone who may use it. */
export interface Image {
  readonly host: string;
  /** Everything between the host and the tag. */
  readonly name: string;
  readonly username: string;
  readonly password: string;
}

export const reference = ({ host, name }: Image, tag: string): string => `${host}/${name}:${tag}`;

const ACCEPT = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerList].join(
  ', ',
);

/** One GET without any client in between, which must answer 200. */
async function get(
  image: Image,
  path: string,
): Promise<{ readonly headers: Headers; readonly bytes: Bytes }> {
  const url = `http://${image.host}/v2/${image.name}/${path}`;
  const authorization = `Basic ${btoa(`${image.username}:${image.password}`)}`;
  const answer = await fetch(url, { headers: { authorization, accept: ACCEPT } });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.status !== 200)
    throw new UnexpectedAnswer('GET', url, answer.status, new TextDecoder().decode(bytes.subarray(0, 2000)));
  return { headers: answer.headers, bytes };
}

/** What a registry holds under one tag, every byte of it checked against its digest. */
export interface Stored {
  readonly root: Descriptor;
  readonly contents: ReadonlyMap<Digest, Bytes>;
}

function check(descriptor: Descriptor, bytes: Bytes): Bytes {
  const digest = redigest(bytes, descriptor.digest);
  if (digest === descriptor.digest && bytes.byteLength === descriptor.size) return bytes;
  throw new Error(
    `asked for ${descriptor.digest} of ${descriptor.size} bytes, got ${digest} of ${bytes.byteLength} bytes`,
  );
}

async function collect(image: Image, descriptor: Descriptor, into: Map<Digest, Bytes>): Promise<void> {
  if (into.has(descriptor.digest)) return;
  const isManifest = isIndex(descriptor.mediaType) || /manifest\.v\d\+json$/.test(descriptor.mediaType);
  const path = `${isManifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
  const bytes = check(descriptor, (await get(image, path)).bytes);
  into.set(descriptor.digest, bytes);
  if (!isManifest) return;
  const { config, layers = [], manifests = [] } = parseManifest(bytes);
  for (const child of [...(config === undefined ? [] : [config]), ...layers, ...manifests])
    await collect(image, child, into);
}

/** Follows a tag down to the last layer over plain HTTP. */
export async function readStored(image: Image, tag: string): Promise<Stored> {
  const { headers, bytes } = await get(image, `manifests/${tag}`);
  const digest = headers.get('docker-content-digest') as Digest;
  const root = { mediaType: headers.get('content-type') ?? '', digest, size: bytes.byteLength };
  check(root, bytes);
  const contents = new Map<Digest, Bytes>();
  await collect(image, root, contents);
  return { root, contents };
}

const manifestIn = (tree: Stored, digest: Digest): Manifest => {
  const bytes = tree.contents.get(digest);
  if (bytes === undefined) throw new Error(`${digest} is not below ${tree.root.digest}`);
  return parseManifest(bytes);
};

/** Digests of the manifests that the root, an index, lists, in its order. */
export const childrenOf = (tree: Stored): readonly Digest[] =>
  (manifestIn(tree, tree.root.digest).manifests ?? []).map(({ digest }) => digest);

/** What of an image stays the same when a client compresses its layers anew. */
export interface Payload {
  readonly config: Digest;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

/** The payload of the image, or of every image that the index at the root lists, in its order. */
export function payloads(tree: Stored, digest: Digest = tree.root.digest): readonly Payload[] {
  const { config, layers = [], manifests } = manifestIn(tree, digest);
  if (manifests !== undefined) return manifests.flatMap((child) => payloads(tree, child.digest));
  if (config === undefined) throw new Error(`${digest} is no image`);
  const diffIds = layers.map((layer) => {
    const bytes = tree.contents.get(layer.digest) ?? new Uint8Array();
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return digestOf(zipped ? gunzipSync(bytes) : bytes);
  });
  return [{ config: config.digest, diffIds }];
}
