import { describe, expect, it } from '@jest/globals';
import { requireSameOrigin } from './same-origin.js';

const ORIGIN = 'https://desk.example';

describe('a request that a cookie signs', () => {
  it.each<[string, string, Record<string, string>, boolean]>([
    ['that reads, from anywhere', 'GET', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, true],
    ['of our own page', 'POST', { origin: ORIGIN, 'sec-fetch-site': 'same-origin' }, true],
    ['of our own page, by an old browser', 'POST', { origin: ORIGIN }, true],
    ['of our own page, without an origin', 'POST', { 'sec-fetch-site': 'same-origin' }, true],
    ['of another site', 'POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    [
      'of a neighbour of the domain',
      'POST',
      { origin: 'https://a.desk.example', 'sec-fetch-site': 'same-site' },
      false,
    ],
    ['of our host by http', 'POST', { origin: 'http://desk.example' }, false],
    ['of our host on another port', 'DELETE', { origin: `${ORIGIN}:8443` }, false],
    ['of a sandboxed page', 'POST', { origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
    ['that contradicts itself', 'POST', { origin: ORIGIN, 'sec-fetch-site': 'cross-site' }, false],
    ['that a person typed', 'POST', { 'sec-fetch-site': 'none' }, false],
    ['that does not say where it is from', 'POST', {}, false],
  ])('%s', (_, method, headers, passes) => {
    const check = () => requireSameOrigin(method, headers, ORIGIN);

    if (passes) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ reason: 'CROSS_SITE_REQUEST' }) as unknown as Error);
  });
});
