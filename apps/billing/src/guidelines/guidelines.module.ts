import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { GuidelinesController } from './guidelines.controller.js';
import { GuidelinesService } from './guidelines.service.js';

@Module({
  imports: [ClientsModule, AgreementsModule],
  controllers: [GuidelinesController],
  providers: [GuidelinesService],
  exports: [GuidelinesService],
})
export class GuidelinesModule {}
