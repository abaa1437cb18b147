import { Module } from '@nestjs/common';
import { TenantsConsumer } from './tenants.consumer.js';
import { TenantsService } from './tenants.service.js';

@Module({ controllers: [TenantsConsumer], providers: [TenantsService], exports: [TenantsService] })
export class TenantsModule {}
