import { describe, expect, it } from '@jest/globals';
import { formatKey, hashOf, newKeyText, parseKey, prefixOf } from './api-key-text.js';

describe('the text of an API key', () => {
  it('has the form pd_live_<id>_<secret> and is read back as it was made', () => {
    const text = newKeyText();
    const key = formatKey(text);

    expect(key).toMatch(/^pd_live_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}$/);
    expect(key.startsWith(prefixOf(text.publicId))).toBe(true);
    expect(parseKey(key)).toEqual(text);
  });

  it('is never the same twice', () => {
    const texts = Array.from({ length: 500 }, newKeyText);

    expect(new Set(texts.map(({ publicId }) => publicId)).size).toBe(500);
    expect(new Set(texts.map(({ secret }) => secret)).size).toBe(500);
  });

  const { publicId, secret } = newKeyText();
  it.each([
    ['nothing', ''],
    ['another prefix', `pd_test_${publicId}_${secret}`],
    ['a short id', `pd_live_${publicId.slice(1)}_${secret}`],
    ['a short secret', `pd_live_${publicId}_${secret.slice(1)}`],
    ['a character that is not base62', `pd_live_${publicId}_${secret.slice(1)}-`],
    ['something behind it', `pd_live_${publicId}_${secret}\n`],
    ['something before it', ` pd_live_${publicId}_${secret}`],
    ['no secret', `pd_live_${publicId}`],
  ])('is not recognized with %s', (_, text) => {
    expect(parseKey(text)).toBeUndefined();
  });

  it('is stored as 32 bytes that do not contain it', () => {
    expect(hashOf(secret)).toHaveLength(32);
    expect(hashOf(secret).toString('latin1')).not.toContain(secret);
    expect(hashOf(secret)).toEqual(hashOf(secret));
  });
});
