import { Module } from '@nestjs/common';
import { InvitationsModule } from '../invitations/invitations.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { IdTokens } from './id-tokens.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { SignInsService } from './sign-ins.service.js';

@Module({
  imports: [InvitationsModule, LimitsModule, TokensModule],
  controllers: [SessionsController],
  providers: [IdTokens, SessionsService, SignInsService],
})
export class SessionsModule {}
