import { describe, expect, it } from '@jest/globals';
import { networkOf } from './network.js';

describe('the network that an address counts for', () => {
  it.each([
    ['an IPv4 address', '203.0.113.7', '203.0.113.7'],
    ['an IPv4 address in the form of IPv6', '::ffff:203.0.113.7', '203.0.113.7'],
    ['an IPv6 address', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['another one of the same network', '2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['one that is written short', '2001:db8::1', '2001:db8:0:0::/64'],
    ['the loopback address', '::1', '0:0:0:0::/64'],
    ['one of a link, with its zone', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['nothing', '', ''],
    ['a text that is none', 'localhost', ''],
    ['an address with something behind it', '203.0.113.7, 10.0.0.1', ''],
  ])('is of %s', (_, address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
