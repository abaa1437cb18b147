import { roundHalfUp } from '@paradesk/kernel';
import { createHash } from 'node:crypto';
import { Temporal } from 'temporal-polyfill';
import type { FileDirectory, MatterOfFile, TimekeeperOfFile } from './file-directory.js';
import type { RestApi } from './rest-api.js';

/** LEDES 1998B names no currency. */
export const CURRENCY = 'USD';
/** Most rates that one agreement takes. */
const MOST_RATES = 500;

interface Client {
  readonly id: string;
  readonly contacts: readonly { readonly purpose: string }[];
}

interface Person {
  readonly id: string;
  readonly clientId: string;
}

interface Agreement {
  readonly validFrom: CalendarDay;
}

/** A date as JSON has it. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function toDay({ year, month, day }: Temporal.PlainDate): CalendarDay {
  return { year, month, day };
}

/**
 * Makes sure that clients, timekeepers, matters and agreements of a file are known. What is there already stays as it is, so that a
 * second file of the same client finds everything in its place.
 *
 * @param operations as an operations manager
 * @param billing as a billing manager
 */
export async function enterDirectory(operations: RestApi, billing: RestApi, directory: FileDirectory): Promise<void> {
  const clientIds = new Map<string, string>();
  for (const code of directory.clientCodes) clientIds.set(code, await enterClient(operations, code));
  const personIds = new Map<string, string>();
  for (const timekeeper of directory.timekeepers) {
    personIds.set(timekeeper.code, await enterTimekeeper(operations, timekeeper));
  }
  for (const matter of directory.matters) {
    const matterId = await enterMatter(operations, matter, clientIds.get(matter.clientCode) ?? '');
    await enterAgreement(billing, matter, matterId, personIds);
  }
}

async function enterClient(api: RestApi, code: string): Promise<string> {
  const client =
    (await firstOf(api.list<Client>('/v1/clients', 'clients', { code }))) ??
    (await api.post<Client>('/v1/clients', { code, name: `Client ${code}`, kind: 'CLIENT_KIND_LAW_FIRM' }));
  if (!client.contacts.some((contact) => contact.purpose === 'CONTACT_PURPOSE_BILLING')) {
    await api.post(`/v1/clients/${client.id}/contacts`, {
      name: 'Accounts Payable',
      email: `billing@${hostOf(code)}`,
      purpose: 'CONTACT_PURPOSE_BILLING',
    });
  }
  return client.id;
}

async function enterTimekeeper(api: RestApi, timekeeper: TimekeeperOfFile): Promise<string> {
  const { code, firstName, lastName, classification } = timekeeper;
  const known = await firstOf(api.list<Person>('/v1/people', 'people', { timekeeperCode: code }));
  if (known) return known.id;
  const { id } = await api.post<Person>('/v1/people', {
    firstName,
    lastName,
    email: `timekeeper-${shortHash(code)}@staff.example`,
    role: 'ROLE_PARALEGAL',
    timekeeperCode: code,
    timekeeperClassification: classification,
  });
  return id;
}

async function enterMatter(api: RestApi, matter: MatterOfFile, clientId: string): Promise<string> {
  const { code, clientMatterCode, clientCode } = matter;
  const known = await firstOf(api.list<{ id: string }>('/v1/matters', 'matters', { clientId, code }));
  if (known) return known.id;
  const opened = await api.post<{ id: string }>('/v1/matters', {
    clientId,
    code,
    clientMatterCode,
    name: `Matter ${code}`,
    practiceArea: 'PRACTICE_AREA_LITIGATION',
    jurisdiction: 'Not stated',
    supervisingAttorneyId: await enterAttorney(api, clientId, clientCode),
  });
  return opened.id;
}

/** No matter is opened without an attorney who answers for it, and the file names none. */
async function enterAttorney(api: RestApi, clientId: string, clientCode: string): Promise<string> {
  for await (const attorney of api.list<Person>('/v1/people', 'people', { role: 'ROLE_ATTORNEY' })) {
    if (attorney.clientId === clientId) return attorney.id;
  }
  const { id } = await api.post<Person>('/v1/people', {
    firstName: 'Supervising',
    lastName: 'Attorney',
    email: `attorney-${shortHash(clientCode)}@${hostOf(clientCode)}`,
    role: 'ROLE_ATTORNEY',
    clientId,
  });
  return id;
}

async function enterAgreement(
  api: RestApi,
  { firstDay, ratesE4 }: MatterOfFile,
  matterId: string,
  personIds: ReadonlyMap<string, string>,
): Promise<void> {
  for await (const { validFrom } of api.list<Agreement>('/v1/agreements', 'agreements', { matterId })) {
    if (Temporal.PlainDate.compare(Temporal.PlainDate.from({ ...validFrom }), firstDay) <= 0) return;
  }
  // Lines at another rate keep their own when they are imported, and so do those beyond what an agreement takes.
  const rates = [...ratesE4].slice(0, MOST_RATES).map(([code, rateE4]) => ({
    personId: personIds.get(code),
    hourlyRate: { amountMinor: roundHalfUp(rateE4, 100n).toString(), currencyCode: CURRENCY },
  }));
  await api.post('/v1/agreements', {
    matterId,
    currencyCode: CURRENCY,
    validFrom: toDay(firstDay),
    paymentTermsDays: 30,
    rates,
  });
}

async function firstOf<T>(items: AsyncGenerator<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

/** A host name of its own for a client; `.example` belongs to nobody (RFC 2606). */
function hostOf(code: string): string {
  const label = code
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${label || shortHash(code)}.example`;
}

/** Codes may hold any character, addresses may not. */
function shortHash(code: string): string {
  return createHash('sha256').update(code).digest('hex').slice(0, 10);
}
