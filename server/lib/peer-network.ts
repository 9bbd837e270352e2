import { isIPv6 } from 'node:net';

/**
 * What counts as one peer to whoever slows peers down: an IPv4 address, or the /64 that one IPv6 host has all of
 * (RFC 7421), since it could otherwise come from another address each time.
 */
export function networkOf(peer: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(peer)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(peer)) return peer;
  const [head = '', tail] = peer.replace(/%.*$/, '').split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const left = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: left }, () => '0'), ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
