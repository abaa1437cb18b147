import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { KeySignInsService } from './key-sign-ins.service.js';

@Module({
  imports: [LimitsModule],
  controllers: [ApiKeysController],
  providers: [ApiKeysService, KeySignInsService],
  exports: [KeySignInsService],
})
export class ApiKeysModule {}
