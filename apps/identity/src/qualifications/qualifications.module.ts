import { Module } from '@nestjs/common';
import { TenantsModule } from '../tenants/tenants.module.js';
import { QualificationsController } from './qualifications.controller.js';
import { QualificationsService } from './qualifications.service.js';

@Module({ imports: [TenantsModule], controllers: [QualificationsController], providers: [QualificationsService] })
export class QualificationsModule {}
