import { invalid, RegistryError } from '../core/error.ts';
import type { Format } from '../core/format.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import { asOfSegment } from '../lib/as-of.ts';

/** What a request's host and path name. */
export type Destination =
  | {
      readonly kind: 'repository';
      readonly format: Format;
      readonly address: RepositoryAddress;
      /** Whether the repository comes into being with the first push. */
      readonly legacy: boolean;
      /** Milliseconds since the epoch: the repository is meant as it was then. */
      readonly asOf?: number;
      /** The part of the path that names the repository, as the client wrote it. */
      readonly basePath: string;
      readonly rest: readonly string[];
    }
  | {
      readonly kind: 'service';
      readonly format: Format;
      readonly rest: readonly string[];
      /** Restricts a service to what the host stands for. */
      readonly place?: Place;
    };

/** What a host label or a first path segment stands for. */
export interface Place {
  readonly format: Format;
  readonly location: string;
  /** Given for an address that names the repository itself, such as `gcr.io`. */
  readonly repository?: string;
}

interface AddressingOptions {
  readonly formats: readonly Format[];
  readonly locations: readonly string[];
  /** With one, hosts `LOCATION-LABEL.DOMAIN` are addresses too. */
  readonly domain?: string;
}

/**
 * Reads addresses in both spellings: `LOCATION-LABEL.DOMAIN/PROJECT/REPO/…` and, on any other host,
 * `/LOCATION-LABEL/PROJECT/REPO/…` (product.md 3).
 */
export class Addressing {
  readonly #places = new Map<string, Place>();
  readonly #hosts = new Map<string, Place>();
  readonly #roots = new Map<string, Format>();
  readonly #domain: string | undefined;

  constructor({ formats, locations, domain }: AddressingOptions) {
    this.#domain = domain;
    for (const format of formats) {
      if (format.root !== undefined) this.#roots.set(format.root, format);
      for (const location of locations) {
        const label = `${location}-${format.label}`;
        this.#add(label, label, { format, location });
      }
      for (const { segment, hostLabel, location, repository } of format.legacyRepositories ?? [])
        this.#add(segment, hostLabel, { format, location, repository });
    }
  }

  /** Nothing when the path is not an artifact's. NAME_INVALID or NAME_UNKNOWN when it is a wrong one. */
  locate(host: string, segments: readonly string[]): Destination | undefined {
    const first = segments[0] ?? '';
    const rooted = this.#roots.get(first);
    const onHost = this.#domain === undefined ? undefined : this.#hosts.get(withoutPort(host));
    if (rooted) return this.#below(rooted, segments.slice(1), `/${first}`, onHost);
    if (onHost && onHost.format.root === undefined) return repositoryAt(onHost, segments, '');
    const place = this.#places.get(first);
    if (!place || place.format.root !== undefined) return undefined;
    return repositoryAt(place, segments.slice(1), `/${first}`);
  }

  /** The format whose clients speak here, right or wrong, so that they are answered in their own words. */
  speaker(host: string, segments: readonly string[]): Format | undefined {
    const first = segments[0] ?? '';
    return (
      this.#roots.get(first) ??
      (this.#domain === undefined ? undefined : this.#hosts.get(withoutPort(host))?.format) ??
      this.#places.get(first)?.format
    );
  }

  /** An address as clients of a format write it: host-form when `spelling` is a host of ours. */
  spelling(host: string, { project, location, repository }: RepositoryAddress, format: Format): string {
    const path = project.replace(':', '/');
    const legacy = format.legacyRepositories?.find(
      (known) => known.repository === repository && known.location === location,
    );
    const isHostForm = this.#domain !== undefined && this.#hosts.has(withoutPort(host));
    const label = `${location}-${format.label}`;
    if (isHostForm || (this.#domain !== undefined && withoutPort(host) === this.#domain)) {
      const port = host.slice(withoutPort(host).length);
      if (legacy) return `${legacy.hostLabel}.${this.#domain}${port}/${path}`;
      return `${label}.${this.#domain}${port}/${path}/${repository}`;
    }
    return legacy ? `${host}/${legacy.segment}/${path}` : `${host}/${label}/${path}/${repository}`;
  }

  /** The repository whose address a URL is, on `hosts` or a host of the domain; nothing for any other. */
  repositoryOf({ host, pathname }: URL, hosts: readonly string[]): RepositoryAddress | undefined {
    const onHost = this.#domain === undefined ? undefined : this.#hosts.get(withoutPort(host));
    if (!onHost && !hosts.includes(host)) return undefined;
    const segments = pathname.split('/').filter((segment) => segment !== '');
    const below = this.#roots.has(segments[0] ?? '') ? segments.slice(1) : segments;
    const place = onHost ?? this.#places.get(below[0] ?? '');
    if (!place) return undefined;
    const parts = onHost ? below : below.slice(1);
    const [project = '', repository = place.repository ?? '', ...more] = parts[0]?.includes('.')
      ? [parts.slice(0, 2).join(':'), ...parts.slice(2)]
      : parts;
    const isNone = project === '' || repository === '' || more.length > 0;
    return isNone ? undefined : { project, location: place.location, repository };
  }

  #add(segment: string, hostLabel: string, place: Place): void {
    this.#places.set(segment, place);
    if (this.#domain !== undefined) this.#hosts.set(`${hostLabel}.${this.#domain}`, place);
  }

  #below(format: Format, rest: readonly string[], base: string, onHost: Place | undefined): Destination {
    const isService = rest.length < 2 && format.services?.some(({ path }) => path === `/${rest[0] ?? ''}`);
    if (isService) return { kind: 'service', format, rest, ...(onHost && { place: onHost }) };
    if (onHost?.format === format) return repositoryAt(onHost, rest, base);
    const first = rest[0] ?? '';
    const place = this.#places.get(first);
    if (place?.format !== format)
      throw new RegistryError(
        'NOT_FOUND',
        'NAME_UNKNOWN',
        `${JSON.stringify(first.slice(0, 80))} is no place of this registry: names begin with LOCATION-${format.label}/PROJECT/REPOSITORY`,
        { details: { name: rest.join('/').slice(0, 255) } },
      );
    return repositoryAt(place, rest.slice(1), `${base}/${first}`);
  }
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

function repositoryAt(place: Place, segments: readonly string[], base: string): Destination {
  // A project id has no dot, so a segment with one is the domain of a domain-scoped project.
  const projectParts = segments[0]?.includes('.') ? 2 : 1;
  const parts = place.repository === undefined ? projectParts + 1 : projectParts;
  const isAnswered = place.format.routes.some(({ path }) => path === '/');
  if (segments.length < parts || (segments.length === parts && !isAnswered))
    throw invalid(
      'NAME_INVALID',
      `invalid number of path components: ${segments.length}; PROJECT/REPOSITORY comes before the rest`,
    );
  // An encoded slash is part of a name below a repository; in its address it would make one name look like another.
  if (segments.slice(0, parts).some((segment) => segment.includes('/')))
    throw invalid('NAME_INVALID', 'a project or repository has an encoded slash in its name');
  const project = segments.slice(0, projectParts).join(':');
  const repository = place.repository ?? segments[projectParts] ?? '';
  const asOf = asOfSegment(segments[parts]);
  const own = asOf === undefined ? parts : parts + 1;
  return {
    kind: 'repository',
    format: place.format,
    address: { project, location: place.location, repository },
    legacy: place.repository !== undefined,
    ...(asOf !== undefined && { asOf }),
    basePath: [base, ...segments.slice(0, own)].join('/'),
    rest: segments.slice(own),
  };
}
