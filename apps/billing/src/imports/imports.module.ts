import { Module } from '@nestjs/common';
import { AgreementsModule } from '../agreements/agreements.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { ImportsController } from './imports.controller.js';
import { ImportsService } from './imports.service.js';

@Module({ imports: [AgreementsModule, TenantsModule], controllers: [ImportsController], providers: [ImportsService] })
export class ImportsModule {}
