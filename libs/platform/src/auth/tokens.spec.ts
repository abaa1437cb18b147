import { beforeEach, describe, expect, it } from '@jest/globals';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError } from '@paradesk/kernel';
import { forgeries, goodToken, type Forgery } from '@paradesk/testing';
import { exportJWK } from 'jose';
import { AUDIENCE, HandClock, refusalOf, SigningKey } from '../../test/served-app.js';
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
  const rows: (readonly [string, Forgery['reason'], () => Promise<string>])[] = [
    ['that is nothing', 'TOKEN_INVALID', async () => ''],
    ['that is very long', 'TOKEN_INVALID', async () => 'a'.repeat(50_000)],
    ...forgeries.map(({ name, reason, forge }) => [name, reason, async () => forge(await against())] as const),
  ];
  const against = async () => ({
    audience: AUDIENCE,
    nowSeconds: clock.seconds,
    key: { ...(await exportJWK(key.privateKey)), kid: key.kid },
  });

  it.each(rows)('%s', async (_name, reason, make) => {
    const token = await make();
    const refusal = (await refusalOf(verifier.verify(token))) as DomainError;
    expect(refusal).toMatchObject({ name: 'DomainError', kind: 'unauthenticated', reason });
    expect(['the token is not valid here', 'the token has expired']).toContain(refusal.message);
  });

  it('only where it was forged', async () => {
    expect(await verifier.verify(await goodToken(await against()))).toMatchObject({ role: Role.OPERATIONS_MANAGER });
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
