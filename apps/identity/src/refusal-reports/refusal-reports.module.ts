import { Module } from '@nestjs/common';
import { RefusalReportsController } from './refusal-reports.controller.js';
import { RefusalReportsService } from './refusal-reports.service.js';

@Module({ controllers: [RefusalReportsController], providers: [RefusalReportsService] })
export class RefusalReportsModule {}
