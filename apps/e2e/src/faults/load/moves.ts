import type { JsonObject } from '@bufbuild/protobuf';
import { newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import type { Random } from '../fault.js';
import type { Person } from './calls.js';
import type { EffectKind } from './journal.js';
import { daysAgo, type LoadTenant, type Work } from './tenant.js';

/** A command to send, and what it means for the tenant when it is done. */
export interface Command {
  readonly as: Person;
  readonly method: string;
  readonly request: JsonObject;
  readonly kind: EffectKind;
  /** What its rows are found by; the answer's id where that is not known before. */
  readonly marks: readonly string[] | 'id';
  done?(answer: JsonObject): void;
  /** It took no effect: what it took out of the tenant's hands is there again. */
  refused?(): void;
}

/** Who moves, with what. */
export interface Turn {
  readonly tenant: LoadTenant;
  readonly random: Random;
  /** Unique, with the tenant's canary in it. */
  readonly mark: string;
}

/** A kind of command, and how often it comes among the others. */
export interface Move {
  readonly weight: number;
  /** Undefined when the tenant has nothing to do it with yet. */
  make(turn: Turn): Command | undefined;
}

const money = (amountMinor: number | bigint) => ({ amountMinor: String(amountMinor), currencyCode: 'USD' });
const idOf = (answer: JsonObject): string => String(answer.id);

/** A new client with somebody who gets its invoices, and an attorney: three commands, one after another. */
export function newClient({ tenant, mark }: Turn): Command {
  const { operations } = tenant;
  return {
    as: operations,
    method: 'CreateClient',
    kind: 'client',
    marks: [mark],
    request: { code: mark, name: `${mark} LLP`, kind: 'CLIENT_KIND_LAW_FIRM', addressLines: ['1 Main Street'] },
    done: (client) => tenant.remember('GetClient', idOf(client)),
  };
}

export function newContact(clientId: string, { tenant, mark }: Turn): Command {
  return {
    as: tenant.operations,
    method: 'AddContact',
    kind: 'contact',
    marks: [mark],
    request: {
      clientId,
      name: `Payables ${mark}`,
      email: `${mark}@client.example`,
      purpose: 'CONTACT_PURPOSE_BILLING',
    },
  };
}

export function newAttorney(clientId: string, { tenant, mark }: Turn): Command {
  return {
    as: tenant.operations,
    method: 'CreatePerson',
    kind: 'person',
    marks: [mark],
    request: { firstName: 'Ann', lastName: mark, email: `${mark}@client.example`, role: 'ROLE_ATTORNEY', clientId },
    done: (attorney) => {
      tenant.clients.push({ id: clientId, attorneyId: idOf(attorney) });
      tenant.remember('GetPerson', idOf(attorney));
    },
  };
}

function newParalegal({ tenant, mark }: Turn): Command {
  const email = `${mark}@staff.example`;
  return {
    as: tenant.operations,
    method: 'CreatePerson',
    kind: 'person',
    marks: [mark],
    request: { firstName: 'Pat', lastName: mark, email, role: 'ROLE_PARALEGAL' },
    done: (person) => void tenant.paralegalIds.push(idOf(person)),
  };
}

export function openMatter({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.clients.length === 0) return undefined;
  const client = random.pick(tenant.clients);
  return {
    as: tenant.operations,
    method: 'OpenMatter',
    kind: 'matter',
    marks: [mark],
    request: {
      clientId: client.id,
      code: mark,
      clientMatterCode: mark,
      name: `${mark} v. Nobody`,
      practiceArea: 'PRACTICE_AREA_LITIGATION',
      jurisdiction: 'N.D. Cal.',
      supervisingAttorneyId: client.attorneyId,
      parties: [{ name: mark, side: 'PARTY_SIDE_REPRESENTED' }],
    },
    done: (matter) => tenant.remember('GetMatter', idOf(matter)),
  };
}

export function newAgreement(matterId: string, clientId: string, { tenant }: Turn): Command {
  return {
    as: tenant.billing,
    method: 'CreateAgreement',
    kind: 'agreement',
    marks: 'id',
    request: {
      matterId,
      currencyCode: 'USD',
      validFrom: daysAgo(90),
      paymentTermsDays: 30,
      rates: [{ personId: tenant.paralegal.caller.personId ?? '', hourlyRate: money(14_500) }],
    },
    done: () => void tenant.matters.push({ id: matterId, clientId }),
  };
}

function assignParalegal({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0) return undefined;
  return {
    as: tenant.operations,
    method: 'AssignParalegal',
    kind: 'assignment',
    marks: [mark],
    request: { matterId: random.pick(tenant.matters).id, personId: random.pick(tenant.paralegalIds), work: mark },
  };
}

function recordTime({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0) return undefined;
  const { id: matterId, clientId } = random.pick(tenant.matters);
  return {
    as: tenant.paralegal,
    method: 'RecordTime',
    kind: 'time entry',
    marks: [mark],
    request: {
      matterId,
      workedOn: daysAgo(2 + random.integer(20)),
      minutes: 6 + random.integer(180),
      narrative: mark,
      taskCode: 'L320',
      activityCode: 'A103',
    },
    done: (entry) => recorded(tenant, 'TimeEntries', 'GetTimeEntry', { id: idOf(entry), clientId }),
  };
}

function recordExpense({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0) return undefined;
  const { id: matterId, clientId } = random.pick(tenant.matters);
  return {
    as: tenant.billing,
    method: 'RecordExpense',
    kind: 'expense',
    marks: [mark],
    request: {
      matterId,
      incurredOn: daysAgo(2 + random.integer(20)),
      expenseCode: 'E101',
      units: String(1 + random.integer(40)),
      unitCost: '0.15',
      narrative: mark,
    },
    done: (expense) => recorded(tenant, 'Expenses', 'GetExpense', { id: idOf(expense), clientId }),
  };
}

function recordAdjustment({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0) return undefined;
  const { id: matterId, clientId } = random.pick(tenant.matters);
  return {
    as: tenant.billing,
    method: 'RecordAdjustment',
    kind: 'adjustment',
    marks: [mark],
    request: {
      matterId,
      kind: 'ADJUSTMENT_KIND_FEE',
      appliesOn: daysAgo(3),
      amount: money(100 + random.integer(900)),
      narrative: mark,
    },
    done: (adjustment) => recorded(tenant, 'Adjustments', 'GetAdjustment', { id: idOf(adjustment), clientId }),
  };
}

function recorded(tenant: LoadTenant, kind: Work['kind'], method: string, { id, clientId }: Omit<Work, 'kind'>): void {
  tenant.recorded.push({ kind, id, clientId });
  tenant.remember(method, id);
}

const idFields = { TimeEntries: 'timeEntryIds', Expenses: 'expenseIds', Adjustments: 'adjustmentIds' } as const;

function approveWork({ tenant, random }: Turn): Command | undefined {
  if (tenant.recorded.length === 0) return undefined;
  const { kind } = random.pick(tenant.recorded);
  const work = takeWhere(tenant.recorded, (one) => one.kind === kind, 1 + random.integer(8));
  const ids = work.map((one) => one.id);
  return {
    as: tenant.billing,
    method: `Approve${kind}`,
    kind: 'approval of work',
    marks: ids,
    request: { [idFields[kind]]: ids },
    done: () => void tenant.approved.push(...work),
    refused: () => void tenant.recorded.push(...work),
  };
}

/** Of one client's approved work, all that is not in another's hands. */
export function draftInvoice({ tenant, random }: Turn): Command | undefined {
  if (tenant.approved.length === 0) return undefined;
  const { clientId } = random.pick(tenant.approved);
  const work = takeWhere(tenant.approved, (one) => one.clientId === clientId, 5_000);
  return {
    as: tenant.billing,
    method: 'DraftInvoice',
    kind: 'invoice',
    marks: 'id',
    request: {
      clientId,
      billingStart: daysAgo(60),
      billingEnd: daysAgo(1),
      entryIds: work.map((one) => one.id),
    },
    done: (invoice) => {
      tenant.drafts.push(idOf(invoice));
      tenant.remember('GetInvoice', idOf(invoice));
    },
    refused: () => void tenant.approved.push(...work),
  };
}

function approveInvoice({ tenant }: Turn): Command | undefined {
  const invoiceId = tenant.drafts.shift();
  if (invoiceId === undefined) return undefined;
  return {
    as: tenant.billing,
    method: 'ApproveInvoice',
    kind: 'approval of an invoice',
    marks: [invoiceId],
    request: { invoiceId },
    done: () => void tenant.approvedInvoices.push(invoiceId),
    refused: () => void tenant.drafts.push(invoiceId),
  };
}

function issueInvoice({ tenant }: Turn): Command | undefined {
  const invoiceId = tenant.approvedInvoices.shift();
  if (invoiceId === undefined) return undefined;
  return {
    as: tenant.billing,
    method: 'IssueInvoice',
    kind: 'issue of an invoice',
    marks: [invoiceId],
    request: { invoiceId },
    done: (invoice) => {
      const { amountMinor } = invoice.total as { amountMinor: string };
      tenant.open.push({ id: invoiceId, balanceMinor: BigInt(amountMinor) });
    },
    refused: () => void tenant.approvedInvoices.push(invoiceId),
  };
}

function recordPayment({ tenant, random, mark }: Turn): Command | undefined {
  const invoice = tenant.open.shift();
  if (!invoice) return undefined;
  const part = random.integer(2) === 0 ? invoice.balanceMinor : (invoice.balanceMinor + 1n) / 2n;
  const back = (balanceMinor: bigint): void => {
    if (balanceMinor > 0n) tenant.open.push({ id: invoice.id, balanceMinor });
  };
  return {
    as: tenant.billing,
    method: 'RecordPayment',
    kind: 'payment',
    marks: [mark],
    request: { invoiceId: invoice.id, amount: money(part), receivedOn: daysAgo(2), reference: mark },
    done: (payment) => {
      back(invoice.balanceMinor - part);
      tenant.remember('GetPayment', idOf(payment));
    },
    refused: () => back(invoice.balanceMinor),
  };
}

function uploadDocument({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0) return undefined;
  const { id: matterId, clientId } = random.pick(tenant.matters);
  const data = Buffer.from(`${mark}\n`.repeat(1 + random.integer(2_000))).toString('base64');
  return {
    as: tenant.paralegal,
    method: 'UploadDocument',
    kind: 'document',
    marks: [mark],
    request: { clientId, matterId, folder: 'work', name: mark, file: { contentType: 'text/plain', data } },
    done: (document) => tenant.remember('GetDocument', idOf(document)),
  };
}

/** What is refused whatever happens: it must leave nothing. */
function refusedTime({ tenant, mark }: Turn): Command {
  const matterId = newId(Temporal.Now.instant().epochMilliseconds);
  return {
    as: tenant.paralegal,
    method: 'RecordTime',
    kind: 'time entry',
    marks: [mark],
    request: { matterId, workedOn: daysAgo(2), minutes: 30, narrative: mark },
  };
}

function refusedAssignment({ tenant, random, mark }: Turn): Command | undefined {
  if (tenant.matters.length === 0 || tenant.clients.length === 0) return undefined;
  return {
    as: tenant.operations,
    method: 'AssignParalegal',
    kind: 'assignment',
    marks: [mark],
    request: { matterId: random.pick(tenant.matters).id, personId: random.pick(tenant.clients).attorneyId, work: mark },
  };
}

/** The commands of a day's work. Opening a client or a matter is more than one and is seen to by the load. */
export const moves: readonly Move[] = [
  { weight: 30, make: recordTime },
  { weight: 8, make: recordExpense },
  { weight: 3, make: recordAdjustment },
  { weight: 10, make: approveWork },
  { weight: 3, make: draftInvoice },
  { weight: 3, make: approveInvoice },
  { weight: 3, make: issueInvoice },
  { weight: 4, make: recordPayment },
  { weight: 6, make: uploadDocument },
  { weight: 6, make: assignParalegal },
  { weight: 3, make: newParalegal },
  { weight: 2, make: refusedTime },
  { weight: 1, make: refusedAssignment },
];

function takeWhere<T>(from: T[], fits: (one: T) => boolean, most: number): T[] {
  const taken: T[] = [];
  for (let index = from.length - 1; index >= 0 && taken.length < most; index--) {
    if (fits(from[index]!)) taken.push(...from.splice(index, 1));
  }
  return taken;
}
