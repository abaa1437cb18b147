import { Controller } from '@nestjs/common';
import {
  type ExchangeApiKeyRequest,
  type IssueServiceTokenRequest,
  TokensServiceControllerMethods,
  type TokensServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { toProto } from './token.message.js';
import { TokensService } from './tokens.service.js';

/** The RPCs are public: the key or the secret in the request is the credential. */
@Controller()
@TokensServiceControllerMethods()
export class TokensController implements TokensServiceController {
  constructor(private readonly tokens: TokensService) {}

  exchangeApiKey(request: ExchangeApiKeyRequest) {
    return this.tokens.exchange(request.apiKey, request.audience).then(toProto);
  }

  issueServiceToken(request: IssueServiceTokenRequest) {
    return this.tokens.issueToService(request).then(toProto);
  }

  listPublicKeys() {
    return { jwks: JSON.stringify(this.tokens.publicKeys()) };
  }
}
