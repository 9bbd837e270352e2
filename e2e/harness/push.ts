import type { Subject } from '../fixtures/image.ts';
import { type Bytes, type Descriptor, type Digest, parseManifest } from './oci.ts';
import type { Image } from './registry.ts';
import { UnexpectedAnswer } from './server.ts';

type Tree = Pick<Subject, 'root' | 'contents'>;

async function send(
  image: Image,
  method: string,
  url: string,
  type: string,
  body?: Bytes,
): Promise<Response> {
  const authorization = `Basic ${btoa(`${image.username}:${image.password}`)}`;
  const headers = { authorization, 'content-type': type };
  const answer = await fetch(new URL(url, `http://${image.host}`), {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status !== 201 && answer.status !== 202)
    throw new UnexpectedAnswer(method, answer.url, answer.status, await answer.text());
  return answer;
}

async function pushBlob(image: Image, digest: Digest, bytes: Bytes): Promise<void> {
  const begun = await send(image, 'POST', `/v2/${image.name}/blobs/uploads/`, 'application/octet-stream');
  const target = new URL(begun.headers.get('location') ?? '', `http://${image.host}`);
  target.searchParams.set('digest', digest);
  await send(image, 'PUT', target.href, 'application/octet-stream', bytes);
}

/** Pushes a tree leaf first over plain HTTP: for tests that are about what comes after a push. */
export async function pushTree(image: Image, { root, contents }: Tree, tag: string): Promise<void> {
  const done = new Set<Digest>();
  const push = async (descriptor: Descriptor, reference: string): Promise<void> => {
    if (done.has(descriptor.digest)) return;
    done.add(descriptor.digest);
    const bytes = contents.get(descriptor.digest) ?? new Uint8Array();
    const { config, layers = [], manifests = [] } = parseManifest(bytes);
    for (const child of manifests) await push(child, child.digest);
    for (const { digest } of [...(config === undefined ? [] : [config]), ...layers]) {
      if (!done.has(digest)) await pushBlob(image, digest, contents.get(digest) ?? new Uint8Array());
      done.add(digest);
    }
    await send(image, 'PUT', `/v2/${image.name}/manifests/${reference}`, descriptor.mediaType, bytes);
  };
  await push(root, tag);
}
