import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { fromTimestamp } from '@paradesk/contracts';
import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../clock.js';
import { makeClient, type ServiceTokens } from '../grpc/peers.js';
import type { RawChannel } from '../grpc/raw-channel.js';
import type { ServiceClient } from '../grpc/service-definition.js';
import { TOKEN_LIFETIME_SECONDS } from './tokens.js';

const RENEW_BEFORE_SECONDS = 30;

/** A token, and when it may be used by the time of this service, in milliseconds since the epoch. */
interface HeldToken {
  readonly token: string;
  readonly fromMs: number;
  readonly renewAtMs: number;
}

/**
 * Signs this service in with identity, and keeps each token until shortly before it ends; and no longer than tokens live, counted from when
 * it came: if identity's clock or ours was wrong then, it is forgotten when that is put right.
 */
export class IdentityTokens implements ServiceTokens {
  private readonly held = new Map<string, HeldToken>();
  private readonly identity: ServiceClient<typeof TokensServiceService, undefined>;

  /**
   * @param service name of this service
   * @param secret its secret, which identity knows too
   * @param channel the connection to identity
   */
  constructor(
    private readonly service: string,
    private readonly secret: string,
    channel: () => RawChannel,
    private readonly clock: Clock,
  ) {
    this.identity = makeClient(TokensServiceService, { channel, prepare: () => Promise.resolve({}) });
  }

  async tokenFor(audience: string, tenantId: string): Promise<string> {
    const nowMs = this.clock.now().epochMilliseconds;
    const key = keyOf(audience, tenantId);
    const held = this.held.get(key);
    if (held && held.fromMs <= nowMs && nowMs < held.renewAtMs) return held.token;
    const answer = await this.identity.issueServiceToken(
      { service: this.service, secret: this.secret, audience, tenantId },
      undefined,
    );
    const endsAt = fromTimestamp(answer.expiresAt, 'expires_at').epochMilliseconds;
    if (this.held.size > 10_000) this.held.clear();
    const lastMs = Math.min(endsAt, nowMs + TOKEN_LIFETIME_SECONDS * 1000);
    this.held.set(key, { token: answer.token, fromMs: nowMs, renewAtMs: lastMs - RENEW_BEFORE_SECONDS * 1000 });
    return answer.token;
  }

  forget(audience: string, tenantId: string): void {
    this.held.delete(keyOf(audience, tenantId));
  }

  /** The public keys of identity. */
  async publicKeys(): Promise<JSONWebKeySet> {
    const { jwks } = await this.identity.listPublicKeys({}, undefined);
    return JSON.parse(jwks) as JSONWebKeySet;
  }
}

function keyOf(audience: string, tenantId: string): string {
  return `${audience} ${tenantId}`;
}
