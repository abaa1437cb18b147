import { Acknowledgement } from './acknowledgements/acknowledgement.entity.js';
import { AuditHead } from './audit-heads/audit-head.entity.js';
import { CreateAuditHeads1767225600020 } from './migrations/1767225600020-create-audit-heads.js';
import { ApiKey } from './api-keys/api-key.entity.js';
import { BoundaryStatement } from './boundary-statements/boundary-statement.entity.js';
import { Client } from './clients/client.entity.js';
import { Contact } from './clients/contact.entity.js';
import { Invitation } from './invitations/invitation.entity.js';
import { CreateTenants1767225600000 } from './migrations/1767225600000-create-tenants.js';
import { CreateClients1767225600001 } from './migrations/1767225600001-create-clients.js';
import { CreatePeople1767225600002 } from './migrations/1767225600002-create-people.js';
import { CreateApiKeys1767225600003 } from './migrations/1767225600003-create-api-keys.js';
import { CreateSessions1767225600004 } from './migrations/1767225600004-create-sessions.js';
import { RestrictApiKeys1767225600040 } from './migrations/1767225600040-restrict-api-keys.js';
import { IsolateClients1767225609000 } from './migrations/1767225609000-isolate-clients.js';
import { RecordQualifications1767225607000 } from './migrations/1767225607000-record-qualifications.js';
import { CreateTaskKinds1767225607001 } from './migrations/1767225607001-create-task-kinds.js';
import { CreateBoundaryStatements1767225607002 } from './migrations/1767225607002-create-boundary-statements.js';
import { Person } from './people/person.entity.js';
import { Session } from './sessions/session.entity.js';
import { Reclassification } from './task-kinds/reclassification.entity.js';
import { TaskKind } from './task-kinds/task-kind.entity.js';
import { Tenant } from './tenants/tenant.entity.js';

export const entities = [
  Tenant,
  Client,
  Contact,
  Person,
  ApiKey,
  Invitation,
  Session,
  AuditHead,
  TaskKind,
  Reclassification,
  BoundaryStatement,
  Acknowledgement,
];

export const migrations = [
  CreateTenants1767225600000,
  CreateClients1767225600001,
  CreatePeople1767225600002,
  CreateApiKeys1767225600003,
  CreateSessions1767225600004,
  CreateAuditHeads1767225600020,
  RestrictApiKeys1767225600040,
  RecordQualifications1767225607000,
  CreateTaskKinds1767225607001,
  CreateBoundaryStatements1767225607002,
  IsolateClients1767225609000,
];
