import { createHash } from 'node:crypto';
import type { Registry } from '../servers/server.ts';

/** The few calls of the OCI distribution protocol that fill a registry before it is measured. */

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CALL_TIMEOUT_MS = 120_000;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export const sha256 = (bytes: Uint8Array | string): `sha256:${string}` =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Random bytes that no store can find a duplicate in. */
export function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** A manifest with a config and `layers`, as bytes. */
export function imageManifest(config: Descriptor, layers: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers }, undefined, 3);
}

/** An image of one config and some layers of 1 kB. With seven its manifest has 1.9 kB, as ordinary ones do. */
export async function pushSmallImage(
  registry: Registry,
  image: string,
  tag: string,
  count = 7,
): Promise<string> {
  const config = await pushBlob(registry, image, CONFIG_TYPE, randomBytes(2000));
  const layers: Descriptor[] = [];
  for (let layer = 0; layer < count; layer += 1)
    layers.push(await pushBlob(registry, image, LAYER_TYPE, randomBytes(1000)));
  const manifest = imageManifest(config, layers);
  await call(registry, image, `manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST_TYPE },
    body: manifest,
  });
  return manifest;
}

export async function pushBlob(
  registry: Registry,
  image: string,
  mediaType: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Descriptor> {
  const digest = sha256(bytes);
  const upload = await beginUpload(registry, image);
  const headers = { 'content-type': 'application/octet-stream', ...(await registry.authorize(image)) };
  await succeed(new URL(withDigest(upload, digest)), { method: 'PUT', headers, body: bytes });
  return { mediaType, digest, size: bytes.byteLength };
}

/** Absolute address of a new upload session. */
export async function beginUpload(registry: Registry, image: string): Promise<string> {
  const response = await call(registry, image, 'blobs/uploads/', { method: 'POST' });
  return locationOf(response, registry.url);
}

export function locationOf(response: Response, base: string): string {
  const location = response.headers.get('location');
  if (location === null) throw new Error(`${response.url} answered without a Location`);
  return new URL(location, base).href;
}

export function withDigest(upload: string, digest: string): string {
  const url = new URL(upload);
  url.searchParams.set('digest', digest);
  return url.href;
}

export const contentUrl = (registry: Registry, image: string, path: string): string =>
  `${registry.url}/v2/${registry.repository(image)}/${path}`;

interface CallInit {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export async function call(
  registry: Registry,
  image: string,
  path: string,
  init: CallInit,
): Promise<Response> {
  const headers = { ...init.headers, ...(await registry.authorize(image)) };
  return succeed(new URL(contentUrl(registry, image, path)), { ...init, headers });
}

export async function succeed(url: URL, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
  if (response.ok) return response;
  throw new Error(`${init.method ?? 'GET'} ${url.href}: ${response.status} ${await response.text()}`);
}
