import { type EgressProxy, parseEgressProxy } from './outbound/egress-proxy.ts';
import { setting } from './setting.ts';

function proxy(line: string): EgressProxy {
  const parsed = parseEgressProxy(line);
  if (!parsed) throw new Error('write the URL of a proxy, such as http://proxy.corp.example:3128');
  return parsed;
}

/** Of the way from here to other servers. */
export const EGRESS_SETTINGS = {
  egressProxy: setting<EgressProxy | undefined>({
    name: 'egress-proxy',
    placeholder: 'URL',
    help:
      'Proxy that other servers are asked through, all but --allow-upstream-hosts; it resolves their names, so it has to refuse ' +
      'private addresses',
    usual: 'none',
    initial: undefined as EgressProxy | undefined,
    parse: proxy,
  }),
  egressCa: setting<string | undefined>({
    name: 'egress-ca',
    placeholder: 'FILE',
    help: 'Certificate authorities to believe of other servers besides those of the system, PEM',
    usual: 'none',
    initial: undefined as string | undefined,
    parse: (line) => line,
  }),
} as const;
