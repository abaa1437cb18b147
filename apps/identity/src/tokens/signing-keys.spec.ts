import { describe, expect, it } from '@jest/globals';
import { generateSigningKey, parseSigningKeys } from './signing-keys.js';

const one = await generateSigningKey();
const [jwk] = JSON.parse(one) as [Record<string, string>];

describe('signing keys', () => {
  it('are read from what was generated, and only public halves are published', () => {
    const keys = parseSigningKeys(one);

    expect(keys.current.kid).toBe(jwk.kid);
    expect(keys.publicKeySet().keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid: jwk.kid, alg: 'EdDSA', use: 'sig' },
    ]);
  });

  it('sign with the first and verify with all', async () => {
    const [other] = JSON.parse(await generateSigningKey()) as [Record<string, string>];
    const keys = parseSigningKeys(JSON.stringify([other, jwk]));

    expect(keys.current.kid).toBe(other.kid);
    expect(keys.publicKeySet().keys.map(({ kid }) => kid)).toEqual([other.kid, jwk.kid]);
  });

  it.each([
    ['no JSON', 'secret!'],
    ['no list', JSON.stringify(jwk)],
    ['an empty list', '[]'],
    ['a public key', JSON.stringify([{ ...jwk, d: undefined }])],
    ['a key without kid', JSON.stringify([{ ...jwk, kid: undefined }])],
    ['a key of another curve', JSON.stringify([{ ...jwk, crv: 'X25519' }])],
    ['a key that is cut off', JSON.stringify([{ ...jwk, d: jwk.d?.slice(0, 20) }])],
    ['two keys of one kid', JSON.stringify([jwk, jwk])],
  ])('are refused as %s, without showing the value', (_, text) => {
    expect(() => parseSigningKeys(text)).toThrow(/kid|key/);
    expect(() => parseSigningKeys(text)).not.toThrow(text);
    expect(() => parseSigningKeys(text)).not.toThrow(jwk.d);
  });
});
