import { Controller } from '@nestjs/common';
import { toTimestamp } from '@paradesk/contracts';
import {
  type ApiKey as ApiKeyMessage,
  ApiKeysServiceControllerMethods,
  type ApiKeysServiceController,
  type CreateApiKeyRequest,
  type ListApiKeysRequest,
  type RevokeApiKeyRequest,
} from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { prefixOf } from './api-key-text.js';
import type { ApiKey } from './api-key.entity.js';
import { ApiKeysService } from './api-keys.service.js';

@Controller()
@ApiKeysServiceControllerMethods()
export class ApiKeysController implements ApiKeysServiceController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  createApiKey(request: CreateApiKeyRequest, metadata: CallMetadata) {
    return this.apiKeys
      .create(callerOf(metadata), request)
      .then(({ apiKey, key }) => ({ apiKey: toProto(apiKey), key }));
  }

  listApiKeys({ page }: ListApiKeysRequest, metadata: CallMetadata) {
    return this.apiKeys
      .list(callerOf(metadata), page)
      .then((list) => ({ apiKeys: list.items.map(toProto), page: list.page }));
  }

  revokeApiKey(request: RevokeApiKeyRequest, metadata: CallMetadata) {
    return this.apiKeys.revoke(callerOf(metadata), request.apiKeyId).then(toProto);
  }
}

function toProto(apiKey: ApiKey): ApiKeyMessage {
  return {
    id: apiKey.id,
    personId: apiKey.personId,
    name: apiKey.name,
    prefix: prefixOf(apiKey.publicId),
    createdAt: toTimestamp(apiKey.createdAt),
    revokedAt: apiKey.revokedAt ? toTimestamp(apiKey.revokedAt) : undefined,
  };
}
