import { isIPv4, isIPv6 } from 'node:net';

const BITS_OF_GROUP = 16;

/**
 * The network that an address counts for: itself for IPv4, its first 64 bits for IPv6, of which every customer of a provider has as many
 * addresses as they like. Empty for a text that is no address.
 */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return networkOf(mapped);
  if (isIPv4(address)) return address;
  return isIPv6(address) ? `${groupsOf(address).slice(0, 4).join(':')}::/64` : '';
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  // A URL's host is the shortest form: what is written as IPv4, or in capitals, is so no more.
  const shortest = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [before = '', after] = shortest.split('::').map((part) => part.split(':').filter(Boolean)) as [
    string[],
    string[] | undefined,
  ];
  if (!after) return [...before];
  const zeros = Array<string>(128 / BITS_OF_GROUP - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after];
}
