import type { JsonObject } from '@bufbuild/protobuf';
import type { Random } from '../fault.js';
import type { Person } from './calls.js';
import type { LoadTenant } from './tenant.js';

/** A question to the system. */
export interface Read {
  readonly as: Person;
  readonly method: string;
  readonly request: JsonObject;
}

const fields: Readonly<Record<string, string>> = {
  GetClient: 'clientId',
  GetPerson: 'personId',
  GetMatter: 'matterId',
  GetTimeEntry: 'timeEntryId',
  GetExpense: 'expenseId',
  GetAdjustment: 'adjustmentId',
  GetInvoice: 'invoiceId',
  GetPayment: 'paymentId',
  GetDocument: 'documentId',
};

// What a billing manager may list; people and matters are the operations manager's.
const lists = [
  'ListClients',
  'ListPeople',
  'ListMatters',
  'ListTimeEntries',
  'ListExpenses',
  'ListInvoices',
  'ListPayments',
  'ListDocuments',
  'ListMessages',
];

/** A list, or one thing that the tenant has. */
export function ownRead(tenant: LoadTenant, random: Random): Read {
  const asked = random.integer(2) === 0 ? undefined : readOf(tenant.billing, tenant, random);
  return asked ?? { as: tenant.billing, method: random.pick(lists), request: { page: { size: 20 } } };
}

/** One thing that another tenant has: it must be as if it were not there. */
export function foreignRead(tenant: LoadTenant, other: LoadTenant, random: Random): Read | undefined {
  return readOf(tenant.billing, other, random);
}

function readOf(as: Person, { known }: LoadTenant, random: Random): Read | undefined {
  const methods = Object.keys(fields).filter((method) => known.has(method));
  if (methods.length === 0) return undefined;
  const method = random.pick(methods);
  return { as, method, request: { [fields[method] ?? '']: random.pick(known.get(method) ?? []) } };
}
