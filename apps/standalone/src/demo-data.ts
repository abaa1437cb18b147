import type { Caller } from '@paradesk/access';
import { MattersServiceService, PartySide, PracticeArea } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { AgreementsServiceService, RoundingMode } from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { TimeEntriesServiceService } from '@paradesk/contracts/paradesk/billing/v1/time_entries';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { ClientKind, ClientsServiceService, ContactPurpose } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TenantsServiceService } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { Clock } from '@paradesk/platform';
import type { Bootstrap } from './bootstrap.js';

/** API keys of the demo's people, to sign in with. */
export interface DemoKeys {
  readonly operationsManager: string;
  readonly billingManager: string;
  readonly paralegal: string;
  readonly virtualAssistant: string;
  /** The operations manager and the billing manager of a second tenant, who see nothing of the first. */
  readonly secondTenantOperationsManager: string;
  readonly secondTenantBillingManager: string;
}

/** Two tenants, and how to sign in to them. */
export interface Demo {
  readonly tenantId: string;
  readonly secondTenantId: string;
  readonly keys: DemoKeys;
}

interface Staff {
  readonly caller: Caller;
  readonly key: string;
}

/** Two companies with staff; the first has a client with a matter, an agreement and a day's time waiting for approval. */
export async function makeDemoData(bootstrap: Bootstrap): Promise<Demo> {
  const first = await openTenant(bootstrap, {
    name: 'Harbor Paralegal Services',
    email: 'office@harbor.example',
    taxId: '94-3100001',
  });
  const second = await openTenant(bootstrap, {
    name: 'Summit Legal Support',
    email: 'office@summit.example',
    taxId: '84-3100002',
  });
  const hire = (tenant: Caller, person: Parameters<typeof addPerson>[2]) => addPerson(bootstrap, tenant, person);
  const operationsManager = await hire(first, {
    firstName: 'Olivia',
    lastName: 'Marsh',
    role: Role.OPERATIONS_MANAGER,
  });
  const billingManager = await hire(first, { firstName: 'Bram', lastName: 'Keller', role: Role.BILLING_MANAGER });
  const paralegal = await hire(first, {
    firstName: 'Priya',
    lastName: 'Nair',
    role: Role.PARALEGAL,
    timekeeperCode: 'PN01',
    timekeeperClassification: 'PARALG',
  });
  const assistant = await hire(first, {
    firstName: 'Theo',
    lastName: 'Lund',
    role: Role.VIRTUAL_ASSISTANT,
    timekeeperCode: 'TL01',
    timekeeperClassification: 'LGLAST',
  });
  const secondOperations = await hire(second, { firstName: 'Nora', lastName: 'Vance', role: Role.OPERATIONS_MANAGER });
  const secondBilling = await hire(second, { firstName: 'Idris', lastName: 'Cole', role: Role.BILLING_MANAGER });
  await openFirstMatter(bootstrap, { operationsManager, billingManager, paralegal });
  const keys = {
    operationsManager: operationsManager.key,
    billingManager: billingManager.key,
    paralegal: paralegal.key,
    virtualAssistant: assistant.key,
    secondTenantOperationsManager: secondOperations.key,
    secondTenantBillingManager: secondBilling.key,
  };
  return { tenantId: first.tenantId, secondTenantId: second.tenantId, keys };
}

async function openTenant(
  bootstrap: Bootstrap,
  { name, email, taxId }: { name: string; email: string; taxId: string },
): Promise<Caller> {
  const operator: Caller = {
    tenantId: newId(new Clock().now().epochMilliseconds),
    role: Role.OPERATOR,
    personId: newId(new Clock().now().epochMilliseconds),
  };
  const tenant = await bootstrap.as(operator, 'identity', TenantsServiceService, (tenants) =>
    tenants.createTenant({
      name,
      email,
      taxId,
      timeZone: 'America/Los_Angeles',
      addressLines: ['100 Pier Street', 'San Diego, CA 92101'],
    }),
  );
  // Nobody is there yet to hire the first person.
  return { tenantId: tenant.id, role: Role.OPERATIONS_MANAGER, personId: operator.personId! };
}

interface NewStaff {
  readonly firstName: string;
  readonly lastName: string;
  readonly role: Role;
  readonly timekeeperCode?: string;
  readonly timekeeperClassification?: string;
}

async function addPerson(bootstrap: Bootstrap, manager: Caller, person: NewStaff): Promise<Staff> {
  const email = `${person.firstName}.${person.lastName}@paradesk.example`.toLowerCase();
  const { id } = await bootstrap.as(manager, 'identity', PeopleServiceService, (people) =>
    people.createPerson({ ...person, email }),
  );
  const { key } = await bootstrap.as(manager, 'identity', ApiKeysServiceService, (keys) =>
    keys.createApiKey({ personId: id, name: 'demo' }),
  );
  return { caller: { tenantId: manager.tenantId, role: person.role, personId: id }, key };
}

async function openFirstMatter(
  bootstrap: Bootstrap,
  staff: Record<'operationsManager' | 'billingManager' | 'paralegal', Staff>,
): Promise<void> {
  const { operationsManager, billingManager, paralegal } = staff;
  const clientId = await bootstrap.as(operationsManager.caller, 'identity', ClientsServiceService, async (clients) => {
    const client = await clients.createClient({
      code: 'ALDER',
      name: 'Alder & Finch LLP',
      kind: ClientKind.LAW_FIRM,
      addressLines: ['22 Grove Avenue', 'Oakland, CA 94607'],
    });
    await clients.addContact({
      clientId: client.id,
      name: 'Accounts Payable',
      email: 'billing@alderfinch.example',
      purpose: ContactPurpose.BILLING,
    });
    return client.id;
  });
  const attorney = await bootstrap.as(operationsManager.caller, 'identity', PeopleServiceService, async (people) => {
    await people.createPerson({
      firstName: 'Alder',
      lastName: 'Docketing',
      email: 'docket@alderfinch.example',
      role: Role.PARTNER,
      clientId,
    });
    return people.createPerson({
      firstName: 'Grace',
      lastName: 'Alder',
      email: 'grace@alderfinch.example',
      role: Role.ATTORNEY,
      clientId,
    });
  });
  const of = { clientId, supervisingAttorneyId: attorney.id };
  const matterId = await openMatter(bootstrap, of, operationsManager, paralegal);
  await recordFirstDay(bootstrap, matterId, billingManager, paralegal);
}

async function openMatter(
  bootstrap: Bootstrap,
  of: { clientId: string; supervisingAttorneyId: string },
  manager: Staff,
  paralegal: Staff,
): Promise<string> {
  return bootstrap.as(manager.caller, 'assignment', MattersServiceService, async (matters) => {
    const matter = await matters.openMatter({
      ...of,
      code: '2026-0101',
      clientMatterCode: 'AF-771',
      name: 'Ortega v. Bayline Freight',
      practiceArea: PracticeArea.LITIGATION,
      jurisdiction: 'N.D. Cal.',
      instructions: 'Prepare the document production due next month.',
      parties: [
        { name: 'Lucia Ortega', side: PartySide.REPRESENTED },
        { name: 'Bayline Freight Inc.', side: PartySide.ADVERSE },
      ],
    });
    await matters.assignParalegal({
      matterId: matter.id,
      personId: paralegal.caller.personId!,
      work: 'Document production',
    });
    return matter.id;
  });
}

async function recordFirstDay(
  bootstrap: Bootstrap,
  matterId: string,
  billingManager: Staff,
  paralegal: Staff,
): Promise<void> {
  const personId = paralegal.caller.personId!;
  const today = new Clock().now().toZonedDateTimeISO('America/Los_Angeles').toPlainDate();
  const date = (days: number) => {
    const { year, month, day } = today.subtract({ days });
    return { year, month, day };
  };
  await bootstrap.as(billingManager.caller, 'billing', AgreementsServiceService, (agreements) =>
    agreements.createAgreement({
      matterId,
      currencyCode: 'USD',
      validFrom: date(90),
      paymentTermsDays: 30,
      timeRounding: { incrementMinutes: 6, mode: RoundingMode.UP, enforced: false },
      rates: [{ personId, hourlyRate: { amountMinor: 14_500n, currencyCode: 'USD' } }],
    }),
  );
  await bootstrap.as(paralegal.caller, 'billing', TimeEntriesServiceService, async (entries) => {
    await entries.recordTime({
      matterId,
      workedOn: date(2),
      minutes: 95,
      narrative: "Draft responses to defendant's first request for production",
      taskCode: 'L320',
      activityCode: 'A103',
    });
    await entries.recordTime({
      matterId,
      workedOn: date(1),
      minutes: 40,
      narrative: 'Review shipping manifests for responsiveness to request 4',
      taskCode: 'L320',
      activityCode: 'A104',
    });
  });
}
