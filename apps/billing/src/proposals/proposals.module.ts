import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { ProposalsService } from './proposals.service.js';

@Module({ imports: [AgreementsModule], providers: [ProposalsService], exports: [ProposalsService] })
export class ProposalsModule {}
