import { Module } from '@nestjs/common';
import { TenantsModule } from '../tenants/tenants.module.js';
import { FixedFeesService } from './fixed-fees.service.js';

@Module({ imports: [TenantsModule], providers: [FixedFeesService], exports: [FixedFeesService] })
export class FixedFeesModule {}
