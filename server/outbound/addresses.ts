import { BlockList, isIPv6 } from 'node:net';

type Range = readonly [network: string, prefix: number];

/** iana-ipv4-special-registry, and multicast. */
const NOT_PUBLIC_4: readonly Range[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Within 2000::/3, which is all that is public: iana-ipv6-special-registry. 2001::/23 has Teredo, 2002::/16 is 6to4. */
const NOT_PUBLIC_6: readonly Range[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
];

/** Where clouds tell machines their secrets. */
const METADATA_4 = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
];
const METADATA_6 = ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'];

const special = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of NOT_PUBLIC_6) special.addSubnet(network, prefix, 'ipv6');
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

// A mapped address (::ffff:0:0/96) is looked up as the one it stands for; the other ways to write one are listed here.
const metadata = new BlockList();
for (const address of METADATA_4) {
  metadata.addAddress(address, 'ipv4');
  for (const [prefix, length] of [
    ['::', 96],
    ['64:ff9b::', 96],
  ] as const)
    metadata.addSubnet(`${prefix}${address}`, length + 32, 'ipv6');
  metadata.addSubnet(`2002:${hex(address)}::`, 48, 'ipv6');
}
for (const address of METADATA_6) metadata.addAddress(address, 'ipv6');

/** Whether an IP address is one that anybody can reach, and so tells nothing of the network this server is in. */
export const isPublic = (address: string): boolean =>
  isIPv6(address)
    ? global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
    : !special.check(address, 'ipv4');

/** Whether an IP address, however written, is one of those at which clouds hand out credentials. */
export const isMetadata = (address: string): boolean =>
  metadata.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** `169.254.1.2` is `a9fe:0102`. */
function hex(address: string): string {
  const digits = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `${digits.slice(0, 2).join('')}:${digits.slice(2).join('')}`;
}
