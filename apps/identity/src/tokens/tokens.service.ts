import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import {
  Clock,
  CONFIG,
  Ids,
  TOKEN_ALGORITHM,
  TOKEN_ISSUER,
  TOKEN_LIFETIME_SECONDS,
  type TokenClaims,
} from '@paradesk/platform';
import { type JSONWebKeySet, SignJWT } from 'jose';
import { Temporal } from 'temporal-polyfill';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { type IdentityConfig } from '../config.js';
import type { Person } from '../people/person.entity.js';
import { isService } from './service-secrets.js';

/** A signed token, and when it ends. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Temporal.Instant;
}

/** A service that wants to act for a tenant. */
export interface ServiceSignIn {
  readonly service: string;
  readonly secret: string;
  readonly audience: string;
  readonly tenantId: string;
}

/**
 * Makes the tokens by which services know who calls. A token is for one service and ends after two minutes, so none is ever
 * revoked: a revoked key, or a person's new role, counts from the next exchange on.
 */
@Injectable()
export class TokensService {
  constructor(
    private readonly apiKeys: ApiKeysService,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @throws DomainError unauthenticated API_KEY_UNKNOWN, API_KEY_REVOKED or PERSON_DEACTIVATED, invalid UNKNOWN_AUDIENCE */
  async exchange(apiKey: string, audience: string): Promise<IssuedToken> {
    requireService(audience);
    return this.issueToPerson(await this.apiKeys.authenticate(apiKey), audience);
  }

  /** A token of somebody who has been authenticated. @throws DomainError unauthenticated PERSON_DEACTIVATED, invalid UNKNOWN_AUDIENCE */
  async issueToPerson(person: Person, audience: string): Promise<IssuedToken> {
    requireService(audience);
    person.requireActive();
    return this.sign(audience, {
      sub: person.id,
      tenant: person.tenantId,
      role: person.role,
      ...(person.clientId && { client: person.clientId }),
    });
  }

  /** A token of an operator who has been authenticated. @throws DomainError invalid UNKNOWN_AUDIENCE */
  async issueToOperator(
    { tenantId, operatorId }: { readonly tenantId: string; readonly operatorId: string },
    audience: string,
  ): Promise<IssuedToken> {
    requireService(audience);
    return this.sign(audience, { sub: operatorId, tenant: tenantId, role: 'OPERATOR' });
  }

  /** @throws DomainError unauthenticated SERVICE_UNKNOWN for a wrong name or secret, invalid UNKNOWN_AUDIENCE */
  async issueToService({ service, secret, audience, tenantId }: ServiceSignIn): Promise<IssuedToken> {
    if (!this.config.SERVICE_SECRETS.accepts(service, secret)) {
      throw new DomainError('unauthenticated', 'SERVICE_UNKNOWN', 'there is no service with this name and secret');
    }
    requireService(audience);
    return this.sign(audience, { sub: service, tenant: tenantId, role: 'SERVICE' });
  }

  publicKeys(): JSONWebKeySet {
    return this.config.SIGNING_KEYS.publicKeySet();
  }

  private async sign(audience: string, claims: TokenClaims): Promise<IssuedToken> {
    const { kid, privateKey } = this.config.SIGNING_KEYS.current;
    const issuedAt = Math.floor(this.clock.now().epochMilliseconds / 1000);
    const expiresAt = issuedAt + TOKEN_LIFETIME_SECONDS;
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(audience)
      .setJti(this.ids.next())
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: Temporal.Instant.fromEpochMilliseconds(expiresAt * 1000) };
  }
}

function requireService(audience: string): void {
  if (!isService(audience))
    throw DomainError.invalid('audience', 'UNKNOWN_AUDIENCE', 'there is no service with this name');
}
