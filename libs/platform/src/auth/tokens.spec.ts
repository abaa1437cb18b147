import { beforeEach, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { base64url, exportJWK, exportSPKI, SignJWT } from 'jose';
import { AUDIENCE, claimsAt, HandClock, refusalOf, SigningKey } from '../../test/served-app.js';
import { TokenVerifier } from './tokens.js';

let clock: HandClock;
let key: SigningKey;
let verifier: TokenVerifier;
let fetches: number;
let served: SigningKey[];

beforeEach(async () => {
  clock = new HandClock();
  key = await SigningKey.make('key-1');
  served = [key];
  fetches = 0;
  verifier = new TokenVerifier(
    AUDIENCE,
    async () => {
      fetches += 1;
      return { keys: served.flatMap((one) => one.jwks.keys) };
    },
    clock,
  );
});

const part = (value: object) => base64url.encode(JSON.stringify(value));
const keyed = async (secret: Uint8Array, kid: string | undefined = key.kid) =>
  new SignJWT(claimsAt(clock.seconds)).setProtectedHeader({ alg: 'HS256', ...(kid && { kid }) }).sign(secret);

describe('a good token', () => {
  it('says who calls', async () => {
    expect(await verifier.verify(await key.sign(clock))).toEqual({
      tenantId: '01890a5d-ac96-774b-bcce-b302099a8058',
      personId: '01890a5d-ac96-774b-bcce-b302099a8057',
      role: Role.OPERATIONS_MANAGER,
    });
  });

  it('says whose client an attorney answers to', async () => {
    const client = '01890a5d-ac96-774b-bcce-b302099a8059';
    const caller = await verifier.verify(await key.sign(clock, { role: 'ATTORNEY', client }));
    expect(caller).toMatchObject({ role: Role.ATTORNEY, clientId: client });
  });

  it('says which service calls', async () => {
    const caller = await verifier.verify(await key.sign(clock, { role: 'SERVICE', sub: 'billing' }));
    expect(caller).toEqual({ tenantId: expect.any(String), role: Role.SERVICE, service: 'billing' });
  });

  it('is good until it ends, and is not looked at again until then', async () => {
    const token = await key.sign(clock);
    await verifier.verify(token);
    clock.advance(119);
    await verifier.verify(token);
    clock.advance(7);
    expect(await refusalOf(verifier.verify(token))).toMatchObject({ reason: 'TOKEN_EXPIRED' });
    expect(fetches).toBe(1);
  });

  it('is not good for longer than tokens live, whatever it says', async () => {
    const token = await key.sign(clock, { exp: clock.seconds + 86_400 });
    await verifier.verify(token);
    clock.advance(131);
    expect(await refusalOf(verifier.verify(token))).toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' });
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Promise<string>]>([
    ['that is nothing', async () => ''],
    ['that is garbage', async () => 'garbage'],
    ['of three empty parts', async () => '..'],
    ['of a header that is no JSON', async () => 'e30x.e30.AAAA'],
    ['that is very long', async () => 'a'.repeat(50_000)],
    ['for another service', () => key.sign(clock, { aud: 'billing' })],
    ['for no service', () => key.sign(clock, { aud: undefined })],
    ['of another issuer', () => key.sign(clock, { iss: 'elsewhere' })],
    ['issued in the future', () => key.sign(clock, { iat: clock.seconds + 60, exp: clock.seconds + 120 })],
    ['not valid yet', () => key.sign(clock, { nbf: clock.seconds + 60 })],
    ['that never ends', () => key.sign(clock, { exp: undefined })],
    ['issued at no time', () => key.sign(clock, { iat: undefined })],
    ['of nobody', () => key.sign(clock, { sub: undefined })],
    ['of somebody without an id', () => key.sign(clock, { sub: 'ada' })],
    ['of no tenant', () => key.sign(clock, { tenant: undefined })],
    ['of a tenant without an id', () => key.sign(clock, { tenant: 'acme' })],
    ['of a tenant that is a list', () => key.sign(clock, { tenant: ['01890a5d-ac96-774b-bcce-b302099a8058', 'x'] })],
    ['without a role', () => key.sign(clock, { role: undefined })],
    ['of a role that there is not', () => key.sign(clock, { role: 'CEO' })],
    ['of no stated role', () => key.sign(clock, { role: 'UNSPECIFIED' })],
    ['of an unrecognized role', () => key.sign(clock, { role: 'UNRECOGNIZED' })],
    ['of a role by its number', () => key.sign(clock, { role: '1' })],
    ['of a role that every object has', () => key.sign(clock, { role: 'constructor' })],
    ['of a client without an id', () => key.sign(clock, { client: 'acme' })],
    ['signed with another key under an unknown id', async () => (await SigningKey.make('other')).sign(clock)],
    ['signed with another key under our id', async () => (await SigningKey.make('key-1')).sign(clock)],
    ['signed with another key under no id', async () => (await SigningKey.make('x')).sign(clock, {}, {})],
    ['signed by nobody', async () => `${part({ alg: 'none' })}.${part(claimsAt(clock.seconds))}.`],
    ['signed by nobody, in capitals', async () => `${part({ alg: 'NONE' })}.${part(claimsAt(clock.seconds))}.`],
    [
      'keyed with the bytes of the public key',
      async () => keyed(base64url.decode(String((await exportJWK(key.publicKey)).x))),
    ],
    ['keyed with the public key as PEM', async () => keyed(Buffer.from(await exportSPKI(key.publicKey)))],
    ['keyed with the key set', async () => keyed(Buffer.from(JSON.stringify(key.jwks)))],
    ['keyed under no id', async () => keyed(Buffer.from(await exportSPKI(key.publicKey)), '')],
    [
      'with a key of its own in its header',
      async () => {
        const own = await SigningKey.make('own');
        return new SignJWT(claimsAt(clock.seconds))
          .setProtectedHeader({ alg: 'EdDSA', jwk: (await exportJWK(own.publicKey)) as never })
          .sign(own.privateKey);
      },
    ],
    [
      'whose claims were changed',
      async () => {
        const [header, , signature] = (await key.sign(clock)).split('.');
        return `${header}.${part({ ...claimsAt(clock.seconds), role: 'OPERATOR' })}.${signature}`;
      },
    ],
    ['whose signature is cut off', async () => (await key.sign(clock)).slice(0, -10)],
  ])('%s', async (_name, make) => {
    const token = await make();
    const refusal = (await refusalOf(verifier.verify(token))) as DomainError;
    expect(refusal).toMatchObject({ name: 'DomainError', kind: 'unauthenticated', reason: 'TOKEN_INVALID' });
    expect(refusal.message).toBe('the token is not valid here');
  });

  it.each([
    ['that has ended', 0, -10],
    ['that is older than tokens live', -130, 60],
  ])('%s', async (_name, issued, ends) => {
    const token = await key.sign(clock, { iat: clock.seconds + issued - 120, exp: clock.seconds + ends });
    expect(await refusalOf(verifier.verify(token))).toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' });
  });
});

describe('the public keys', () => {
  it('are asked for again when a token has a new key', async () => {
    await verifier.verify(await key.sign(clock));
    const next = await SigningKey.make('key-2');
    served = [key, next];
    clock.advance(6);
    await verifier.verify(await next.sign(clock));
    await verifier.verify(await key.sign(clock));
    expect(fetches).toBe(2);
  });

  it('are not asked for once a forged key', async () => {
    for (let index = 0; index < 20; index++) {
      const forged = (await SigningKey.make(`forged-${index}`)).sign(clock);
      expect(await refusalOf(verifier.verify(await forged))).toMatchObject({ reason: 'TOKEN_INVALID' });
    }
    expect(fetches).toBe(1);
  });

  it('that cannot be had are no fault of the token', async () => {
    const unavailable = new DomainError('unavailable', 'PEER_UNAVAILABLE', 'a service cannot be reached; try again');
    const cutOff = new TokenVerifier(AUDIENCE, () => Promise.reject(unavailable), clock);
    expect(await refusalOf(cutOff.verify(await key.sign(clock)))).toBe(unavailable);
  });

  it('that were withdrawn are good for no new token once they are asked for again', async () => {
    await verifier.verify(await key.sign(clock));
    const next = await SigningKey.make('key-2');
    served = [next];
    clock.advance(6);
    await verifier.verify(await next.sign(clock));
    expect(await refusalOf(verifier.verify(await key.sign(clock)))).toMatchObject({ reason: 'TOKEN_INVALID' });
  });
});
