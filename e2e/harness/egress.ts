import type { Relay } from './relay.ts';

/** Flags of a server that reaches others through `proxy` only, and trusts whom this machine trusts. */
export function egressThrough(proxy: Relay): readonly string[] {
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  const trusted = authorities === undefined ? [] : ['--egress-ca', authorities];
  return ['--egress-proxy', `http://${proxy.host}`, ...trusted];
}
