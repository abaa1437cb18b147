import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  AddContactRequest,
  ClientKind,
  ContactPurpose,
  CreateClientRequest,
} from '@paradesk/contracts/paradesk/identity/v1/clients';
import { CreatePersonRequest } from '@paradesk/contracts/paradesk/identity/v1/people';
import { CreateTenantRequest, TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { generateSigningKey, identity } from '../src/identity.module.js';

let made = 0;

/** A tenant to open. */
export function aTenant(overrides: Partial<CreateTenantRequest> = {}): CreateTenantRequest {
  return {
    name: 'Harbor Paralegal Services',
    timeZone: 'America/Los_Angeles',
    taxId: '94-1234567',
    addressLines: ['1 Market Street', 'San Francisco, CA 94105'],
    email: 'office@harbor.example',
    ...overrides,
  };
}

/** A client to register, with a code of its own. */
export function aClient(overrides: Partial<CreateClientRequest> = {}): CreateClientRequest {
  return {
    code: `C-${++made}`,
    name: 'Okafor & Lindqvist LLP',
    kind: ClientKind.LAW_FIRM,
    addressLines: ['20 Court Street', 'Oakland, CA 94612'],
    ...overrides,
  };
}

/** A contact to add to a client. */
export function aContact(clientId: string, overrides: Partial<AddContactRequest> = {}): AddContactRequest {
  return {
    clientId,
    name: 'Amara Okafor',
    email: 'amara@okafor.example',
    purpose: ContactPurpose.BILLING,
    ...overrides,
  };
}

/** A paralegal to register, with an e-mail address of their own. */
export function aPerson(overrides: Partial<CreatePersonRequest> = {}): CreatePersonRequest {
  return {
    firstName: 'Ines',
    lastName: 'Duarte',
    email: `person-${++made}@harbor.example`,
    role: Role.PARALEGAL,
    clientId: '',
    timekeeperCode: '',
    timekeeperClassification: '',
    ...overrides,
  };
}

/** By which secrets the services sign in during a test. */
export const serviceSecrets = { billing: 'billing-secret-of-the-tests', documents: 'documents-secret-of-the-tests' };

/** Identity on a real PostgreSQL. @param env settings beside those that it must have */
export async function startIdentity(env: Record<string, string> = {}): Promise<ServiceUnderTest> {
  return ServiceUnderTest.start(identity, {
    ...env,
    SIGNING_KEYS: await generateSigningKey(),
    SERVICE_SECRETS: Object.entries(serviceSecrets)
      .map(([service, secret]) => `${service}:${secret}`)
      .join(','),
  });
}

/** The operations manager of a tenant that was just opened. */
export async function anOpenTenant(system: ServiceUnderTest) {
  const operator = aCaller({ role: Role.OPERATOR, personId: newId(Date.now()) });
  const tenant = await system.client(TenantsServiceService, operator).createTenant(aTenant());
  return aCaller({ role: Role.OPERATIONS_MANAGER, tenantId: tenant.id });
}
