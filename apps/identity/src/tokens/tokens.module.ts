import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { AccessTokensService } from './access-tokens.service.js';
import { TokenSigner } from './token-signer.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';

@Module({
  imports: [ApiKeysModule],
  controllers: [TokensController],
  providers: [AccessTokensService, TokenSigner, TokensService],
  exports: [TokensService],
})
export class TokensModule {}
