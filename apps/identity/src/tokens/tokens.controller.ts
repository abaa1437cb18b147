import { Controller } from '@nestjs/common';
import {
  type AccessToken,
  type ExchangeAccessTokenRequest,
  type ExchangeApiKeyRequest,
  type IssueAccessTokenRequest,
  type IssueServiceTokenRequest,
  TokensServiceControllerMethods,
  type TokensServiceController,
} from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { AccessTokensService } from './access-tokens.service.js';
import { toProto } from './token.message.js';
import { TokensService } from './tokens.service.js';

/** The RPCs are public: the key or the secret in the request is the credential. */
@Controller()
@TokensServiceControllerMethods()
export class TokensController implements TokensServiceController {
  constructor(
    private readonly tokens: TokensService,
    private readonly accessTokens: AccessTokensService,
  ) {}

  exchangeApiKey(request: ExchangeApiKeyRequest) {
    return this.tokens.exchange(request.apiKey, request.audience, request.callerAddress).then(toProto);
  }

  issueAccessToken({ apiKey, scopes, callerAddress }: IssueAccessTokenRequest): Promise<AccessToken> {
    return this.accessTokens
      .issue(apiKey, scopes, callerAddress)
      .then((issued) => ({ ...issued, scopes: [...issued.scopes] }));
  }

  exchangeAccessToken(request: ExchangeAccessTokenRequest) {
    return this.tokens.exchangeAccessToken(request.accessToken, request.audience).then(toProto);
  }

  issueServiceToken(request: IssueServiceTokenRequest) {
    return this.tokens.issueToService(request).then(toProto);
  }

  listPublicKeys() {
    return { jwks: JSON.stringify(this.tokens.publicKeys()) };
  }
}
