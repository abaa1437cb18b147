import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Assignment, Matter } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { AgreementsServiceService, type Agreement } from '@paradesk/contracts/paradesk/billing/v1/agreements';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Client } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { Person } from '@paradesk/contracts/paradesk/identity/v1/people';
import { Tenant } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';

/** A tenant with one client, one matter and two timekeepers, as billing has heard of them. */
export interface Firm {
  readonly tenantId: string;
  readonly client: Client;
  readonly matter: Matter;
  readonly paralegal: Person;
  readonly assistant: Person;
  readonly billingManager: Caller;
  readonly asParalegal: Caller;
  readonly asAssistant: Caller;
}

/** Lets billing hear of a new tenant, its client ACME, the timekeepers PL1 and VA1, and the matter M-1 that both are assigned to. */
export async function aFirm(system: ServiceUnderTest): Promise<Firm> {
  const tenantId = newId(Date.now());
  await system.deliver(topics.tenants, {
    tenantId,
    aggregateId: tenantId,
    aggregateVersion: 1,
    event: { event: { $case: 'created', value: { tenant: aTenant(tenantId) } } },
  });
  const client = await aClient(system, tenantId, {});
  const paralegal = await aPerson(system, tenantId, { role: Role.PARALEGAL, timekeeperCode: 'PL1' });
  const assistant = await aPerson(system, tenantId, { role: Role.VIRTUAL_ASSISTANT, timekeeperCode: 'VA1' });
  const matter = await aMatter(system, client, tenantId, { assignments: teamOf(paralegal, assistant) });
  return {
    tenantId,
    client,
    matter,
    paralegal,
    assistant,
    billingManager: aCaller({ tenantId, role: Role.BILLING_MANAGER }),
    asParalegal: aCaller({ tenantId, role: Role.PARALEGAL, personId: paralegal.id }),
    asAssistant: aCaller({ tenantId, role: Role.VIRTUAL_ASSISTANT, personId: assistant.id }),
  };
}

export async function aClient(system: ServiceUnderTest, tenantId: string, fields: Partial<Client>): Promise<Client> {
  const own = { id: newId(Date.now()), code: 'ACME', name: 'Acme Legal', addressLines: ['1 Main St'], version: 1 };
  const client = Client.fromPartial({ ...own, ...fields });
  const event = { event: { $case: 'created' as const, value: { client } } };
  await system.deliver(topics.clients, { tenantId, aggregateId: client.id, aggregateVersion: 1, event });
  return client;
}

export async function aMatter(
  system: ServiceUnderTest,
  client: Client,
  tenantId: string,
  fields: Partial<Matter>,
): Promise<Matter> {
  const own = {
    id: newId(Date.now()),
    clientId: client.id,
    code: 'M-1',
    clientMatterCode: 'CM-1',
    name: 'Roe v. Doe',
    version: 1,
  };
  const matter = Matter.fromPartial({ ...own, ...fields });
  const event = { event: { $case: 'opened' as const, value: { matter } }, walledPersonIds: [] };
  await system.deliver(topics.matters, { tenantId, aggregateId: matter.id, aggregateVersion: 1, event });
  return matter;
}

/** The assignments of a matter that these people work on. */
export function teamOf(...people: readonly { readonly id: string }[]): Assignment[] {
  return people.map((person) => Assignment.fromPartial({ id: newId(Date.now()), personId: person.id }));
}

export async function aPerson(system: ServiceUnderTest, tenantId: string, fields: Partial<Person>): Promise<Person> {
  const own = {
    id: newId(Date.now()),
    firstName: 'Pat',
    lastName: 'Doe',
    timekeeperClassification: 'PARALG',
    version: 1,
  };
  const person = Person.fromPartial({ ...own, ...fields });
  const event = { event: { $case: 'created' as const, value: { person } } };
  await system.deliver(topics.people, { tenantId, aggregateId: person.id, aggregateVersion: 1, event });
  return person;
}

/** An hourly agreement of the firm's matter, from 2026 on: the paralegal at 100.00 an hour, tenths of an hour up. */
export async function anAgreement(
  system: ServiceUnderTest,
  firm: Firm,
  fields: Partial<Agreement> = {},
): Promise<Agreement> {
  const rate = {
    personId: firm.paralegal.id,
    hourlyRate: { amountMinor: 10_000n, currencyCode: fields.currencyCode ?? 'USD' },
  };
  return system.client(AgreementsServiceService, firm.billingManager).createAgreement({
    matterId: firm.matter.id,
    currencyCode: 'USD',
    validFrom: { year: 2026, month: 1, day: 1 },
    paymentTermsDays: 30,
    rates: [rate],
    ...fields,
  });
}

export function aTenant(id: string): Tenant {
  const zone = 'America/New_York';
  const letterhead = {
    name: 'Paralegals Inc',
    taxId: '24-6437381',
    addressLines: ['2 Side St'],
    email: 'office@paralegals.test',
  };
  return Tenant.fromPartial({ id, timeZone: zone, ...letterhead, version: 1 });
}

/** The refusal that a call ends in. @throws Error where it is not refused */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ kind: string; reason: string; fields: string[]; message: string }> {
  const error = await call.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  const { kind, reason, violations, message } = (error ?? {}) as {
    kind?: string;
    reason?: string;
    violations?: { field: string }[];
    message?: string;
  };
  if (!kind || !reason) throw new Error(`was not refused: ${String(error)}`);
  return { kind, reason, fields: (violations ?? []).map((violation) => violation.field), message: message ?? '' };
}
