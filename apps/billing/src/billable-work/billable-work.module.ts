import { Module } from '@nestjs/common';
import { BillableWorkService } from './billable-work.service.js';

@Module({ providers: [BillableWorkService], exports: [BillableWorkService] })
export class BillableWorkModule {}
