import { Controller } from '@nestjs/common';
import { fromTimestamp, toTimestamp } from '@paradesk/contracts';
import {
  type ApiKey as ApiKeyMessage,
  ApiKeysServiceControllerMethods,
  type ApiKeysServiceController,
  type CreateApiKeyRequest,
  type CreatedApiKey,
  type ListApiKeysRequest,
  type RevokeApiKeyRequest,
  type RotateApiKeyRequest,
} from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { Temporal } from 'temporal-polyfill';
import { prefixOf } from './api-key-text.js';
import type { NewApiKey } from './api-key.entity.js';
import { ApiKeysService, type ShownKey, type UsedKey } from './api-keys.service.js';

@Controller()
@ApiKeysServiceControllerMethods()
export class ApiKeysController implements ApiKeysServiceController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  createApiKey(request: CreateApiKeyRequest, metadata: CallMetadata) {
    return this.apiKeys.create(callerOf(metadata), toNewKey(request)).then(toShown);
  }

  listApiKeys({ page }: ListApiKeysRequest, metadata: CallMetadata) {
    return this.apiKeys
      .list(callerOf(metadata), page)
      .then((list) => ({ apiKeys: list.items.map(toProto), page: list.page }));
  }

  rotateApiKey({ apiKeyId, graceHours }: RotateApiKeyRequest, metadata: CallMetadata) {
    return this.apiKeys.rotate(callerOf(metadata), apiKeyId, graceHours).then(toShown);
  }

  revokeApiKey(request: RevokeApiKeyRequest, metadata: CallMetadata) {
    return this.apiKeys.revoke(callerOf(metadata), request.apiKeyId).then(toProto);
  }
}

function toNewKey({ personId, name, scopes, clientId, expiresAt }: CreateApiKeyRequest): NewApiKey {
  return {
    personId,
    name,
    scopes,
    restrictedToClientId: clientId || null,
    expiresAt: expiresAt ? fromTimestamp(expiresAt, 'expiresAt') : null,
  };
}

function toShown({ key, ...used }: ShownKey): CreatedApiKey {
  return { apiKey: toProto(used), key };
}

function toProto({ apiKey, lastUsedAt }: UsedKey): ApiKeyMessage {
  const optional = (moment: Temporal.Instant | null | undefined) => (moment ? toTimestamp(moment) : undefined);
  return {
    id: apiKey.id,
    personId: apiKey.personId,
    name: apiKey.name,
    prefix: prefixOf(apiKey.publicId),
    createdAt: toTimestamp(apiKey.createdAt),
    revokedAt: optional(apiKey.revokedAt),
    scopes: apiKey.scopes,
    clientId: apiKey.restrictedToClientId ?? '',
    expiresAt: optional(apiKey.expiresAt),
    lastUsedAt: optional(lastUsedAt),
    previousSecretEndsAt: optional(apiKey.previousEndsAt),
  };
}
