import { RegistryError } from '../core/error.ts';
import { portOf } from '../outbound/allowed-hosts.ts';

/** Segments that stand for another place, and what URLs are read without, or as a slash. */
const ELSEWHERE = /(?:^|\/)(?:\.|%2e){1,2}(?:[/?#]|$)|[\\\t\n\r]/i;

/** Where an upstream is, and what its paths and the URLs in its indexes mean. */
export class UpstreamAddress {
  readonly origin: URL;
  readonly #base: string;

  /** Query and fragment of `uri` mean nothing. */
  constructor(uri: string) {
    const url = URL.parse(uri);
    if (!url || !/^https?:$/.test(url.protocol))
      throw new RegistryError(
        'FAILED_PRECONDITION',
        'UPSTREAM_FORBIDDEN',
        `"${uri}" cannot be asked: write a URL such as https://registry.example.com/`,
      );
    if (url.username !== '' || url.password !== '')
      throw refused(url, 'a user name or password does not belong in a URL, but in the credentials');
    this.origin = new URL(url.origin);
    this.#base = `${url.origin}${url.pathname.replace(/\/*$/, '/')}`;
  }

  /** Fails with FAILED_PRECONDITION for a path that leads out of the upstream, and for what is not encrypted when it is. */
  resolve(target: string): URL {
    const absolute = /^https?:\/\//i.test(target);
    const url = URL.parse(absolute ? target : `${this.#base}${target}`);
    if (!url) throw refused(this.origin, 'an index of it names an address that is not one');
    // Also inside of it: who asks for one thing, and may have that, would get another.
    if (!absolute && (ELSEWHERE.test(target) || !url.href.startsWith(this.#base)))
      throw refused(this.origin, 'the path leads out of it');
    if (!absolute || this.origin.protocol === 'http:' || url.protocol === 'https:') return url;
    if (url.hostname !== this.origin.hostname || portOf(url) !== 80)
      throw refused(url, 'an index that came by https names it without');
    // It does not know that something before it speaks https.
    return new URL(`${url.pathname}${url.search}`, this.origin);
  }

  isOwn(url: URL): boolean {
    return url.origin === this.origin.origin;
  }
}

const refused = (url: URL, why: string): RegistryError =>
  new RegistryError('FAILED_PRECONDITION', 'UPSTREAM_FORBIDDEN', `${url.host} is not asked: ${why}`);
