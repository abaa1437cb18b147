import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { TOKEN_ALGORITHM, TOKEN_ISSUER, TOKEN_LIFETIME_SECONDS } from '@paradesk/platform';
import type { webcrypto } from 'node:crypto';
import { base64url, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';

/** What tokens are forged against: a service, the time there, and identity's own key, for what is signed rightly and says something wrong. */
export interface ForgedAgainst {
  /** Name of the service that the token is shown to. */
  readonly audience: string;
  readonly nowSeconds: number;
  /** Private Ed25519 JWK with its `kid`. */
  readonly key: JWK;
}

/** A token that no service may take. */
export interface Forgery {
  /** What is wrong, as the end of "a token is refused ...". */
  readonly name: string;
  readonly reason: 'TOKEN_INVALID' | 'TOKEN_EXPIRED';
  forge(against: ForgedAgainst): Promise<string>;
}

/** What every forgery is a change of: a good token of an operations manager. */
export async function goodToken(against: ForgedAgainst, changes: JWTPayload = {}): Promise<string> {
  return signed(against, against.key, changes);
}

/** Every way to forge a token that we know of. */
export const forgeries: readonly Forgery[] = [
  ...told('TOKEN_EXPIRED', {
    'that has ended': ({ nowSeconds }) => ({ iat: nowSeconds - 120, exp: nowSeconds - 10 }),
    'that is older than tokens live': ({ nowSeconds }) => ({ iat: nowSeconds - 250, exp: nowSeconds + 60 }),
  }),
  ...told('TOKEN_INVALID', {
    'for another service': ({ audience }) => ({ aud: audience === 'billing' ? 'identity' : 'billing' }),
    'for no service': () => ({ aud: undefined }),
    'of another issuer': () => ({ iss: 'elsewhere' }),
    'issued in the future': ({ nowSeconds }) => ({ iat: nowSeconds + 60, exp: nowSeconds + 120 }),
    'not valid yet': ({ nowSeconds }) => ({ nbf: nowSeconds + 60 }),
    'that never ends': () => ({ exp: undefined }),
    'issued at no time': () => ({ iat: undefined }),
    'of nobody': () => ({ sub: undefined }),
    'of somebody without an id': () => ({ sub: 'ada' }),
    'of no tenant': () => ({ tenant: undefined }),
    'of a tenant without an id': () => ({ tenant: 'acme' }),
    'of a tenant that is a list': () => ({ tenant: ['01890a5d-ac96-774b-bcce-b302099a8058', 'x'] }),
    'without a role': () => ({ role: undefined }),
    'of a role that there is not': () => ({ role: 'CEO' }),
    'of no stated role': () => ({ role: 'UNSPECIFIED' }),
    'of an unrecognized role': () => ({ role: 'UNRECOGNIZED' }),
    'of a role by its number': () => ({ role: '1' }),
    'of a role that every object has': () => ({ role: 'constructor' }),
    'of a client without an id': () => ({ client: 'acme' }),
  }),
  ...made({
    'that is garbage': async () => 'garbage',
    'of three empty parts': async () => '..',
    'of a header that is no JSON': async () => 'e30x.e30.AAAA',
    'signed with another key under an unknown id': async (against) => signed(against, await anotherKey('other')),
    'signed with another key under our id': async (against) => signed(against, await anotherKey(against.key.kid)),
    'signed with another key under no id': async (against) => signed(against, await anotherKey(undefined)),
    'signed by nobody': async (against) => `${part({ alg: 'none' })}.${part(claimsOf(against))}.`,
    'signed by nobody, in capitals': async (against) => `${part({ alg: 'NONE' })}.${part(claimsOf(against))}.`,
    'signed by nobody, under our id': async (against) =>
      `${part({ alg: 'none', kid: against.key.kid })}.${part(claimsOf(against))}.`,
    'keyed with the bytes of the public key': (against) => keyed(against, base64url.decode(against.key.x ?? '')),
    'keyed with the public key as PEM': async (against) => keyed(against, Buffer.from(await pemOf(against.key))),
    'keyed with the key set': (against) =>
      keyed(against, Buffer.from(JSON.stringify({ keys: [publicPart(against.key)] }))),
    'keyed under no id': async (against) => keyed(against, Buffer.from(await pemOf(against.key)), {}),
    'with a key of its own in its header': async (against) => {
      const own = await anotherKey(undefined);
      return signed(against, own, {}, { jwk: publicPart(own) as never });
    },
    'whose claims were changed': async (against) => {
      const [header, , signature] = (await goodToken(against)).split('.');
      return `${header}.${part({ ...claimsOf(against), role: 'OPERATOR' })}.${signature}`;
    },
    'whose signature is cut off': async (against) => (await goodToken(against)).slice(0, -10),
  }),
];

type Changes = (against: ForgedAgainst) => JWTPayload;

/** Signed as identity signs, with claims that are wrong. */
function told(reason: Forgery['reason'], changes: Record<string, Changes>): Forgery[] {
  return Object.entries(changes).map(([name, change]) => ({
    name,
    reason,
    forge: (against) => goodToken(against, change(against)),
  }));
}

/** Not signed as identity signs. */
function made(forge: Record<string, Forgery['forge']>): Forgery[] {
  return Object.entries(forge).map(([name, one]) => ({ name, reason: 'TOKEN_INVALID', forge: one }));
}

function claimsOf({ audience, nowSeconds }: ForgedAgainst): JWTPayload {
  return {
    iss: TOKEN_ISSUER,
    aud: audience,
    sub: '01890a5d-ac96-774b-bcce-b302099a8057',
    tenant: '01890a5d-ac96-774b-bcce-b302099a8058',
    role: Role[Role.OPERATIONS_MANAGER],
    jti: newId(nowSeconds * 1000),
    iat: nowSeconds,
    exp: nowSeconds + TOKEN_LIFETIME_SECONDS,
  };
}

async function signed(
  against: ForgedAgainst,
  key: JWK,
  changes: JWTPayload = {},
  header: { readonly jwk?: never } = {},
): Promise<string> {
  return new SignJWT({ ...claimsOf(against), ...changes })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, ...(key.kid !== undefined && { kid: key.kid }), ...header })
    .sign(await importJWK(key, TOKEN_ALGORITHM));
}

async function keyed(
  against: ForgedAgainst,
  secret: Uint8Array,
  header: { readonly kid?: string } = against.key.kid === undefined ? {} : { kid: against.key.kid },
): Promise<string> {
  return new SignJWT(claimsOf(against)).setProtectedHeader({ alg: 'HS256', ...header }).sign(secret);
}

async function anotherKey(kid: string | undefined): Promise<JWK> {
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
  return { ...(await exportJWK(privateKey)), ...(kid !== undefined && { kid }) };
}

function publicPart({ d: _private, ...open }: JWK): JWK {
  return open;
}

async function pemOf(key: JWK): Promise<string> {
  return exportSPKI((await importJWK(publicPart(key), TOKEN_ALGORITHM)) as webcrypto.CryptoKey);
}

function part(value: object): string {
  return base64url.encode(JSON.stringify(value));
}
