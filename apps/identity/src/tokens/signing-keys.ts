import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { TOKEN_ALGORITHM } from '@paradesk/platform';
import type { JSONWebKeySet, JWK } from 'jose';
import { z } from 'zod';

/** A private Ed25519 key and the id under which its public half is published. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/**
 * The keys of identity. The first signs; all verify, so that a key is changed without refusing a token: add the new key at
 * the end, put it first once every service has fetched it, drop the old one when its last token has ended.
 */
export class SigningKeys {
  /** The key that signs. */
  readonly current: SigningKey;

  constructor(private readonly keys: readonly [SigningKey, ...SigningKey[]]) {
    this.current = keys[0];
  }

  /** The public halves (RFC 7517), made from the private ones: a stated `x` that is not the key's cannot be published. */
  publicKeySet(): JSONWebKeySet {
    return {
      keys: this.keys.map(({ kid, privateKey }) => ({
        ...publicJwk(privateKey),
        kid,
        alg: TOKEN_ALGORITHM,
        use: 'sig',
      })),
    };
  }
}

const privateJwks = z
  .array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      d: z.string(),
      kid: z.string().min(1),
    }),
  )
  .min(1);

/** @param text JSON array of private Ed25519 JWKs with `kid`. @throws Error that says what it takes, without a key */
export function parseSigningKeys(text: string): SigningKeys {
  const jwks = privateJwks.safeParse(parseJson(text));
  if (!jwks.success) throw new Error('takes a JSON array of private Ed25519 JWKs with kty, crv, x, d and kid');
  const [first, ...others] = jwks.data.map((jwk) => ({ kid: jwk.kid, privateKey: toPrivateKey(jwk) }));
  const kids = new Set(jwks.data.map((jwk) => jwk.kid));
  if (!first || kids.size !== jwks.data.length) throw new Error('takes keys that differ in kid');
  return new SigningKeys([first, ...others]);
}

/** The public halves of the keys of SIGNING_KEYS. @throws Error that says what it takes, without a key */
export function publicKeysOf(text: string): JSONWebKeySet {
  return parseSigningKeys(text).publicKeySet();
}

/** A value for SIGNING_KEYS with one new key. */
export async function generateSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ed25519');
  return JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: randomUUID() }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toPrivateKey(jwk: {
  readonly kid: string;
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly d: string;
}): KeyObject {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    throw new Error(`takes Ed25519 keys; ${jwk.kid} is none`);
  }
}

function publicJwk(privateKey: KeyObject): JWK {
  return createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
}
