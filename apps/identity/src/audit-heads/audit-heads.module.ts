import { Module } from '@nestjs/common';
import { AuditHeadsController } from './audit-heads.controller.js';
import { AuditHeadsService } from './audit-heads.service.js';

@Module({ controllers: [AuditHeadsController], providers: [AuditHeadsService] })
export class AuditHeadsModule {}
