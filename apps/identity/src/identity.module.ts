import { Module } from '@nestjs/common';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { defineService } from '@paradesk/platform';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { identityConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { PeopleModule } from './people/people.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { TokensModule } from './tokens/tokens.module.js';

export { generateSigningKey } from './tokens/signing-keys.js';

@Module({ imports: [TenantsModule, ClientsModule, PeopleModule, ApiKeysModule, TokensModule] })
export class IdentityModule {}

/** Tenants, clients, people, API keys, tokens. */
export const identity = defineService({
  name: 'identity',
  module: IdentityModule,
  config: identityConfig,
  entities,
  migrations,
  grpc: [
    TenantsServiceService,
    ClientsServiceService,
    PeopleServiceService,
    ApiKeysServiceService,
    TokensServiceService,
  ],
  consumes: [],
});
