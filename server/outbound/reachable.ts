import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isMetadata, isPublic } from './addresses.ts';
import { type AllowedHost, isAllowed, portOf } from './allowed-hosts.ts';
import { TransientFailure, forbidden } from './failures.ts';

export interface Address {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

interface ReachableOptions {
  /** Hosts whose addresses need not be public. */
  readonly allowed: readonly AllowedHost[];
  readonly resolve?: Resolve;
}

/** This machine (RFC 6761 6.3), and where clouds tell machines their secrets. */
const NOT_PUBLIC_NAME =
  /^(?:.+\.)?(?:localhost|metadata|metadata\.google\.internal|metadata\.goog|instance-data\.ec2\.internal|instance-data)$/;

/** Which addresses may be connected to. */
export class Reachable {
  readonly #options: ReachableOptions;

  constructor(options: ReachableOptions) {
    this.#options = options;
  }

  /**
   * Fails for a URL that says by itself that it may not be asked, before a connection that is already there is used, too.
   * With `byName`, when somebody else will resolve its name, also for names that are known to mean nothing public.
   */
  check(url: URL, byName: boolean): void {
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw forbidden(url, 'only http and https are spoken');
    if (url.username !== '' || url.password !== '')
      throw forbidden(url, 'a user name or password does not belong in a URL');
    const literal = literalOf(url);
    if (literal) return this.#checkAddresses(url, [literal]);
    const name = url.hostname.replace(/\.$/, '');
    if (byName && NOT_PUBLIC_NAME.test(name)) throw forbidden(url, 'it is not on the public internet');
  }

  /** What a new connection asks for its addresses, and so connects to those that were checked. No name is asked for again. */
  lookup(url: URL): LookupFunction {
    return (_, { all }, done) => {
      this.#addresses(url).then(
        (addresses) => {
          const [first] = addresses;
          if (all === true) done(null, [...addresses]);
          else done(null, first?.address ?? '', first?.family ?? 0);
        },
        (refusal: unknown) => done(refusal as Error, []),
      );
    };
  }

  async #addresses(url: URL): Promise<readonly Address[]> {
    const resolve = this.#options.resolve ?? resolveByDns;
    const addresses = await resolve(url.hostname).catch((cause: unknown) => {
      throw new TransientFailure(url, 'its name is not known', cause);
    });
    if (addresses.length === 0) throw new TransientFailure(url, 'its name is not known');
    this.#checkAddresses(url, addresses);
    return addresses;
  }

  /** One address that may not be reached spoils a name: it would be next when the others fail. */
  #checkAddresses(url: URL, addresses: readonly Address[]): void {
    const allowed = isAllowed(this.#options.allowed, url);
    const wrong = addresses.some(({ address }) => isMetadata(address) || !(allowed || isPublic(address)));
    if (!wrong) return;
    throw forbidden(
      url,
      'it is not on the public internet; if it is meant to be used, whoever runs this server can allow it with ' +
        `--allow-upstream-hosts ${url.hostname}:${portOf(url)}`,
    );
  }
}

const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true });

function literalOf(url: URL): Address | undefined {
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? undefined : { address, family };
}
