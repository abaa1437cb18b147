import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@paradesk/kernel';
import { CONFIG, TOKEN_LIFETIME_SECONDS, type TokenClaims } from '@paradesk/platform';
import type { JSONWebKeySet } from 'jose';
import { type KeySignIn, KeySignInsService } from '../api-keys/key-sign-ins.service.js';
import { type IdentityConfig } from '../config.js';
import type { Person } from '../people/person.entity.js';
import type { Allowance } from '../limits/rate-limits.js';
import { AccessTokensService } from './access-tokens.service.js';
import { isService } from './service-secrets.js';
import { type SignedToken, TokenSigner } from './token-signer.js';

/** A token, and what is left of the limit of whom it was issued to. */
export interface IssuedToken extends SignedToken {
  readonly allowance?: Allowance;
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
    private readonly keySignIns: KeySignInsService,
    private readonly accessTokens: AccessTokensService,
    private readonly signer: TokenSigner,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** @throws DomainError as `KeySignInsService.byKey`, invalid UNKNOWN_AUDIENCE */
  async exchange(apiKey: string, audience: string, address: string): Promise<IssuedToken> {
    requireService(audience);
    return this.issueToProgram(await this.keySignIns.byKey(apiKey, address), audience);
  }

  /** @throws DomainError as `AccessTokensService.authenticate`, invalid UNKNOWN_AUDIENCE */
  async exchangeAccessToken(accessToken: string, audience: string): Promise<IssuedToken> {
    requireService(audience);
    return this.issueToProgram(await this.accessTokens.authenticate(accessToken), audience);
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

  private async issueToProgram(signIn: KeySignIn, audience: string): Promise<IssuedToken> {
    const { personId, tenantId, role, clientId, scopes, allowance } = signIn;
    const token = await this.sign(audience, {
      sub: personId,
      tenant: tenantId,
      role,
      ...(clientId && { client: clientId }),
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    });
    return { ...token, allowance };
  }

  private async sign(audience: string, claims: TokenClaims): Promise<IssuedToken> {
    return this.signer.sign({ audience, lifetimeSeconds: TOKEN_LIFETIME_SECONDS }, claims);
  }
}

function requireService(audience: string): void {
  if (!isService(audience))
    throw DomainError.invalid('audience', 'UNKNOWN_AUDIENCE', 'there is no service with this name');
}
