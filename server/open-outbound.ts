import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError } from './config.ts';
import { OutboundClient } from './outbound/outbound-client.ts';
import { Turns } from './outbound/turns.ts';
import { Upstreams } from './upstream/upstreams.ts';

/** Clients install with some tens of connections, which become as many to what is behind a repository. */
const AT_ONCE = 64;

interface Outward extends Disposable {
  readonly outbound: OutboundClient;
  readonly upstreams: Upstreams;
}

/** The ways from here to other servers. */
export function openOutbound(config: Config, now: () => number): Outward {
  const { allowUpstreamHosts: allowed, egressProxy: proxy, egressCa } = config;
  const ca = egressCa === undefined ? undefined : certificatesIn(egressCa);
  const options = { allowed, ...(proxy && { proxy }), ...(ca !== undefined && { ca }) };
  const outbound = new OutboundClient(options);
  const registries = new OutboundClient(options, new Turns({ atOnce: AT_ONCE }));
  return {
    outbound,
    upstreams: new Upstreams({ outbound: registries, now, random: Math.random, sleep }),
    [Symbol.dispose]: () => {
      outbound[Symbol.dispose]();
      registries[Symbol.dispose]();
    },
  };
}

function certificatesIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    const found = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
    if (found.map((pem) => new X509Certificate(pem)).length > 0) return text;
  } catch (cause) {
    throw new ConfigError(`--egress-ca ${file} cannot be read: give a file of certificates in PEM`, {
      cause,
    });
  }
  throw new ConfigError(`--egress-ca ${file} has no certificate: give a file of certificates in PEM`);
}
