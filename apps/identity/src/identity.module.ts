import { Module } from '@nestjs/common';
import { AuditHeadsServiceService } from '@paradesk/contracts/paradesk/identity/v1/audit_heads';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { BoundaryStatementsServiceService } from '@paradesk/contracts/paradesk/identity/v1/boundary_statements';
import { ClientsServiceService } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { QualificationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { RefusalReportsServiceService } from '@paradesk/contracts/paradesk/identity/v1/refusal_reports';
import { SessionsServiceService } from '@paradesk/contracts/paradesk/identity/v1/sessions';
import { TaskKindsServiceService } from '@paradesk/contracts/paradesk/identity/v1/task_kinds';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { defineService } from '@paradesk/platform';
import { AuditHeadsModule } from './audit-heads/audit-heads.module.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { BoundaryStatementsModule } from './boundary-statements/boundary-statements.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { identityConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { InvitationsModule } from './invitations/invitations.module.js';
import { PeopleModule } from './people/people.module.js';
import { QualificationsModule } from './qualifications/qualifications.module.js';
import { RefusalReportsModule } from './refusal-reports/refusal-reports.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { TaskKindsModule } from './task-kinds/task-kinds.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { TokensModule } from './tokens/tokens.module.js';

export { generateSigningKey, publicKeysOf } from './tokens/signing-keys.js';

@Module({
  imports: [
    TenantsModule,
    ClientsModule,
    PeopleModule,
    ApiKeysModule,
    TokensModule,
    InvitationsModule,
    SessionsModule,
    AuditHeadsModule,
    TaskKindsModule,
    QualificationsModule,
    BoundaryStatementsModule,
    RefusalReportsModule,
  ],
})
export class IdentityModule {}

/** Tenants, clients, people, and by what they sign in: API keys, invitations, sessions, tokens. */
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
    AuditHeadsServiceService,
    InvitationsServiceService,
    SessionsServiceService,
    TaskKindsServiceService,
    QualificationsServiceService,
    BoundaryStatementsServiceService,
    RefusalReportsServiceService,
  ],
  consumes: [],
});
