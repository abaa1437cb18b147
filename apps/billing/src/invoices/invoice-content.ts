import type { Temporal } from 'temporal-polyfill';
import type { Client } from '../clients/client.entity.js';
import type { Matter } from '../matters/matter.entity.js';
import type { Person } from '../people/person.entity.js';
import type { Tenant } from '../tenants/tenant.entity.js';
import type { InvoiceLine } from './invoice-line.entity.js';
import type { Invoice } from './invoice.entity.js';

/** An issued invoice and all that its files say beside it: who writes, to whom, on which matters, and whose time it is. */
export interface InvoiceContent {
  readonly invoice: Invoice;
  readonly issue: {
    readonly number: string;
    readonly issuedOn: Temporal.PlainDate;
    readonly dueOn: Temporal.PlainDate;
  };
  readonly tenant: Tenant;
  readonly client: Client;
  /** The matters of the lines, by code. */
  readonly matters: readonly Matter[];
  /** The timekeepers of the lines. */
  readonly people: readonly Person[];
}

/** The matter of a line. @throws Error where its copy is missing, which no line can be without */
export function matterOf({ matters }: InvoiceContent, line: InvoiceLine): Matter {
  const matter = matters.find((one) => one.id === line.matterId);
  if (!matter) throw new Error(`the matter ${line.matterId} of line ${line.id} is unknown`);
  return matter;
}

/** The timekeeper of a fee line. @throws Error where their copy is missing */
export function timekeeperOf({ people }: InvoiceContent, line: InvoiceLine): Person {
  const person = people.find((one) => one.id === line.personId);
  if (!person) throw new Error(`the timekeeper of line ${line.id} is unknown`);
  return person;
}
