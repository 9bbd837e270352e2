import { invalid } from '../../core/error.ts';
import { parseJsonStrictly } from '../../lib/strict-json.ts';
import { isDigest, type OciDigest } from './names.ts';
import { DOCKER_LIST, isForeign, OCI_INDEX, SCHEMA1 } from './media-types.ts';
import type { ChildImage, Platform } from './attributes.ts';

const MOST_DESCRIPTORS = 10_000;
const MOST_ANNOTATIONS = 1_000;
/** RFC 9110 8.3.1, without parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/;

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: OciDigest;
  readonly size: number;
  readonly platform?: Platform;
}

/** What a manifest says of itself, checked. */
export interface Manifest {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly config?: Descriptor;
  /** Blobs that must be in the image: config and layers, foreign ones apart. */
  readonly blobs: readonly Descriptor[];
  /** Foreign layers: welcome here, not asked for. */
  readonly foreign: readonly Descriptor[];
  readonly children: readonly Descriptor[];
}

type Json = Readonly<Record<string, unknown>>;

const refuse = (why: string) => invalid('MANIFEST_INVALID', `the manifest is not valid: ${why}`);

/**
 * Reads a manifest of any media type: an index by its `manifests`, anything else by its `config`, `layers` and
 * `blobs`. MANIFEST_INVALID for what two readers could understand differently (CVE-2021-41190): a type that
 * disagrees with the header, both kinds of list in one document, a key twice.
 */
export function parseManifest(bytes: Uint8Array<ArrayBuffer>, contentType: string | null): Manifest {
  const document = asObject(parseJson(bytes), 'it is not a JSON object');
  const declared = optionalText(document, 'mediaType');
  const header = contentType?.split(';')[0]?.trim();
  const mediaType = header || declared;
  if (!mediaType) throw refuse('it has no media type; send one as Content-Type');
  // It is what the manifest is sent with ever after.
  if (!MEDIA_TYPE.test(mediaType))
    throw refuse(`${JSON.stringify(mediaType.slice(0, 200))} is no media type`);
  if (declared !== undefined && declared !== mediaType)
    throw refuse(`it says it is ${declared}, the Content-Type says ${mediaType}`);
  if (SCHEMA1.has(mediaType) || document['schemaVersion'] === 1)
    throw refuse('Docker schema 1 is not supported; push schema 2 or OCI');
  if (document['schemaVersion'] !== undefined && document['schemaVersion'] !== 2)
    throw refuse('schemaVersion is not 2');

  const isIndex = Array.isArray(document['manifests']);
  if (isIndex && (document['layers'] !== undefined || document['config'] !== undefined))
    throw refuse('it has both manifests and layers');
  if ((mediaType === OCI_INDEX || mediaType === DOCKER_LIST) && !isIndex)
    throw refuse('an index has manifests');

  const config = optionalDescriptor(document, 'config');
  const parts = [...descriptors(document, 'layers'), ...descriptors(document, 'blobs')];
  const children = descriptors(document, 'manifests');
  if (parts.length + children.length > MOST_DESCRIPTORS)
    throw refuse(`it has more than ${MOST_DESCRIPTORS} descriptors`);
  const subject = optionalDescriptor(document, 'subject');
  const annotations = annotationsOf(document);
  const artifactType = optionalText(document, 'artifactType') || config?.mediaType;
  return {
    mediaType,
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
    ...(subject && { subject }),
    ...(config && { config }),
    blobs: [...(config ? [config] : []), ...parts.filter(({ mediaType: type }) => !isForeign(type))],
    foreign: parts.filter(({ mediaType: type }) => isForeign(type)),
    children,
  };
}

export const childImage = ({ digest, mediaType, platform }: Descriptor): ChildImage => ({
  digest,
  mediaType,
  ...(platform && { platform }),
});

function parseJson(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'it is not JSON');
  }
}

function asObject(value: unknown, why: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(why);
  return value as Json;
}

function optionalText(object: Json, key: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > 1024) throw refuse(`${key} is not a short text`);
  return value;
}

function descriptors(document: Json, key: string): readonly Descriptor[] {
  const list = document[key];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw refuse(`${key} is not a list`);
  return list.map((entry, index) => descriptor(entry, `${key}[${index}]`));
}

function optionalDescriptor(document: Json, key: string): Descriptor | undefined {
  const value = document[key];
  return value === undefined || value === null ? undefined : descriptor(value, key);
}

function descriptor(value: unknown, where: string): Descriptor {
  const object = asObject(value, `${where} is not a descriptor`);
  const digest = optionalText(object, 'digest') ?? '';
  const size = object['size'];
  if (!isDigest(digest)) throw refuse(`${where}.digest is not a sha256 or sha512 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw refuse(`${where}.size is not a number of bytes`);
  const platform = platformOf(object['platform']);
  return {
    mediaType: optionalText(object, 'mediaType') ?? '',
    digest,
    size,
    ...(platform && { platform }),
  };
}

function platformOf(value: unknown): Platform | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const object = value as Json;
  const variant = optionalText(object, 'variant');
  const osVersion = optionalText(object, 'os.version');
  const features = object['os.features'];
  return {
    architecture: optionalText(object, 'architecture') ?? '',
    os: optionalText(object, 'os') ?? '',
    ...(variant && { variant }),
    ...(osVersion && { osVersion }),
    ...(Array.isArray(features) && { osFeatures: features.map(String) }),
  };
}

function annotationsOf(document: Json): Readonly<Record<string, string>> | undefined {
  const value = document['annotations'];
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(asObject(value, 'annotations is not an object'));
  if (entries.length > MOST_ANNOTATIONS) throw refuse(`it has more than ${MOST_ANNOTATIONS} annotations`);
  if (!entries.every(([, text]) => typeof text === 'string')) throw refuse('an annotation is not text');
  return Object.fromEntries(entries) as Record<string, string>;
}
