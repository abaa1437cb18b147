import { expect, it } from '@jest/globals';
import { toTimestamp } from '@paradesk/contracts';
import { Token } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { Temporal } from 'temporal-polyfill';
import { Clock } from '../clock.js';
import type { RawChannel } from '../grpc/raw-channel.js';
import { IdentityTokens } from './service-tokens.js';

/** A service that signs in with an identity whose clock may be wrong. */
function aService() {
  let now = Temporal.Instant.from('2026-03-02T15:00:00Z');
  let issued = 0;
  const identity = { aheadOfUs: Temporal.Duration.from({ seconds: 0 }) };
  const clock = new (class extends Clock {
    override now = () => now;
  })();
  const unary = async () => {
    issued += 1;
    const expiresAt = toTimestamp(now.add(identity.aheadOfUs).add({ seconds: 120 }));
    return { body: Token.encode(Token.fromPartial({ token: `token ${issued}`, expiresAt })).finish() };
  };
  const tokens = new IdentityTokens('billing', 'secret', () => ({ unary }) as unknown as RawChannel, clock);
  const wait = (by: Temporal.DurationLike) => {
    now = now.add(by);
  };
  return { identity, wait, token: () => tokens.tokenFor('documents', 'tenant'), tokens };
}

it('keeps a token until half a minute before it ends', async () => {
  const { token, wait } = aService();
  expect(await token()).toBe('token 1');
  wait({ seconds: 89 });
  expect(await token()).toBe('token 1');
  wait({ seconds: 1 });
  expect(await token()).toBe('token 2');
});

it('keeps no token of an identity whose clock was an hour ahead for that hour', async () => {
  const { token, wait, identity } = aService();
  identity.aheadOfUs = Temporal.Duration.from({ hours: 1 });
  expect(await token()).toBe('token 1');
  identity.aheadOfUs = Temporal.Duration.from({ seconds: 0 });
  wait({ seconds: 90 });
  expect(await token()).toBe('token 2');
});

it('keeps no token when its own clock is set back', async () => {
  const { token, wait } = aService();
  expect(await token()).toBe('token 1');
  wait({ hours: -1 });
  expect(await token()).toBe('token 2');
});

it('asks anew after a token was not taken, for that audience and tenant only', async () => {
  const { token, tokens } = aService();
  await token();
  tokens.forget('billing', 'tenant');
  tokens.forget('documents', 'another');
  expect(await token()).toBe('token 1');
  tokens.forget('documents', 'tenant');
  expect(await token()).toBe('token 2');
});
