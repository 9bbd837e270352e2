import { names } from '../../contract/names.ts';
import { usage } from '../exit.ts';
import type { PackageParts, RepositoryParts } from '../resolve.ts';

/** A Docker repository or image as container tools write it. */
export interface ImagePath extends RepositoryParts {
  /** The host of the server when the path names one that must be it: `localhost:8080`. */
  readonly host?: string;
  /** What stands before the image, as it was written: `localhost:8080/us-central1-docker/p/r`. */
  readonly prefix: string;
  /** `team/app`; absent when the path ends at the repository. */
  readonly image?: string;
  readonly tag?: string;
  readonly digest?: string;
}
export type WithImage = ImagePath & { readonly image: string };

/** The repositories that stand for Container Registry's hosts, and where each is. */
const GCR_LOCATIONS: Readonly<Record<string, string>> = {
  'gcr.io': 'us',
  'us.gcr.io': 'us',
  'eu.gcr.io': 'europe',
  'asia.gcr.io': 'asia',
};

/**
 * Reads every spelling of an address:
 *
 *   HOST/LOCATION-docker/PROJECT/REPOSITORY/IMAGE     path form
 *   LOCATION-docker.DOMAIN/PROJECT/REPOSITORY/IMAGE   host form
 *   HOST/gcr.io/PROJECT/IMAGE, gcr.DOMAIN/PROJECT/IMAGE and us., eu., asia. before them
 *
 * each with `:TAG`, `@DIGEST` or both behind the image. PROJECT may be `example.com/project`.
 */
export function parseImagePath(written: string): ImagePath {
  const bare = written.replace(/^(https?|docker|oci):\/\//, '').replace(/\/+$/, '');
  const [named = '', digest] = bare.split('@');
  if (digest !== undefined && !/^[a-z0-9]+:[0-9a-f]{32,}$/.test(digest))
    throw usage(`[${digest}] is not a digest; write one such as sha256:0123...`);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/') && named.includes('/');
  const segments = (tagged ? named.slice(0, colon) : named).split('/');
  const registry = readRegistry(segments);
  if (registry === undefined || segments.some((segment) => segment === '')) throw notAPath(written);
  const { rest, ...place } = registry;
  const [project, used] = readProject(rest);
  const repository = place.repository ?? rest[used];
  const image = rest.slice(place.repository === undefined ? used + 1 : used).join('/');
  if (project === undefined || repository === undefined) throw notAPath(written);
  const marks = {
    ...(tagged ? { tag: named.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
  if (image === '' && (tagged || digest !== undefined)) throw notAPath(written);
  const before = image === '' ? segments : segments.slice(0, -image.split('/').length);
  return {
    ...(place.host === undefined ? {} : { host: place.host }),
    prefix: before.join('/'),
    location: place.location,
    project,
    repository,
    ...(image === '' ? {} : { image }),
    ...marks,
  };
}

/** The same, for commands that need an image. */
export function parseImage(written: string): WithImage {
  const path = parseImagePath(written);
  if (path.image === undefined)
    throw usage(`[${written}] names a repository; add the image: ${written}/IMAGE`);
  return { ...path, image: path.image };
}

interface Registry {
  readonly host?: string;
  readonly location: string;
  readonly repository?: string;
  readonly rest: readonly string[];
}

const LABEL = /^(?<location>[a-z][a-z0-9-]*)-docker$/;
const HOST_FORM = /^(?<location>[a-z][a-z0-9-]*)-docker\.[^/]+$/;
const GCR_HOST = /^(?<area>(?:us|eu|asia)\.)?gcr\.[^/]+$/;

function readRegistry([first = '', second = '', ...others]: readonly string[]): Registry | undefined {
  const rest = second === '' ? others : [second, ...others];
  const hosted = HOST_FORM.exec(first)?.groups?.['location'];
  if (hosted !== undefined) return { location: hosted, rest };
  const label = LABEL.exec(first)?.groups?.['location'];
  if (label !== undefined) return { location: label, rest };
  if (Object.hasOwn(GCR_LOCATIONS, first)) return gcr(first, rest);
  if (Object.hasOwn(GCR_LOCATIONS, second)) return { host: first, ...gcr(second, others) };
  const location = LABEL.exec(second)?.groups?.['location'];
  if (location !== undefined) return { host: first, location, rest: others };
  const gcrHost = GCR_HOST.exec(first);
  return gcrHost ? gcr(`${gcrHost.groups?.['area'] ?? ''}gcr.io`, rest) : undefined;
}

const gcr = (repository: string, rest: readonly string[]): Registry => ({
  location: GCR_LOCATIONS[repository] ?? 'us',
  repository,
  rest,
});

/** `example.com/my-project` is the API's `example.com:my-project`. The number says how many segments it took. */
function readProject([first, second]: readonly string[]): readonly [string | undefined, number] {
  if (first === undefined || !first.includes('.') || first.includes(':')) return [first, 1];
  return [second === undefined ? undefined : `${first}:${second}`, 2];
}

const notAPath = (written: string): Error =>
  usage(
    `[${written}] is not an image path; write HOST/LOCATION-docker/PROJECT/REPOSITORY/IMAGE ` +
      'or LOCATION-docker.DOMAIN/PROJECT/REPOSITORY/IMAGE',
  );

export const packageOf = ({ project, location, repository, image }: WithImage): PackageParts => ({
  project,
  location,
  repository,
  package: image,
});

/** The image as container tools write it, without tag and digest. */
export const shown = ({ prefix, image }: WithImage): string => `${prefix}/${image}`;

export const packageNameOf = (path: WithImage): string => names.package.format(packageOf(path));
