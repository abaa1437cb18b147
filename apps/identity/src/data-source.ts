import { AuditHead } from './audit-heads/audit-head.entity.js';
import { CreateAuditHeads1767225600020 } from './migrations/1767225600020-create-audit-heads.js';
import { ApiKey } from './api-keys/api-key.entity.js';
import { Client } from './clients/client.entity.js';
import { Contact } from './clients/contact.entity.js';
import { Invitation } from './invitations/invitation.entity.js';
import { CreateTenants1767225600000 } from './migrations/1767225600000-create-tenants.js';
import { CreateClients1767225600001 } from './migrations/1767225600001-create-clients.js';
import { CreatePeople1767225600002 } from './migrations/1767225600002-create-people.js';
import { CreateApiKeys1767225600003 } from './migrations/1767225600003-create-api-keys.js';
import { CreateSessions1767225600004 } from './migrations/1767225600004-create-sessions.js';
import { Person } from './people/person.entity.js';
import { Session } from './sessions/session.entity.js';
import { Tenant } from './tenants/tenant.entity.js';

export const entities = [Tenant, Client, Contact, Person, ApiKey, Invitation, Session, AuditHead];

export const migrations = [
  CreateTenants1767225600000,
  CreateClients1767225600001,
  CreatePeople1767225600002,
  CreateApiKeys1767225600003,
  CreateSessions1767225600004,
  CreateAuditHeads1767225600020,
];
