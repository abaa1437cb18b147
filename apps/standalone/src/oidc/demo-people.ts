import type { ProviderPerson } from '@paradesk/testing/openid-provider';

/** Somebody of the demo who may be chosen on the provider's page. */
export interface DemoPerson extends ProviderPerson {
  /** Which of the two demo tenants they belong to; an operator belongs to none. */
  readonly tenant: 'first' | 'second' | undefined;
}

const first = 'Harbor Paralegal Services';
const second = 'Summit Legal Support';

const person = (
  tenant: DemoPerson['tenant'],
  name: string,
  note: string,
  email = `${name.toLowerCase().replace(' ', '.')}@paradesk.example`,
): DemoPerson => ({ subject: name.toLowerCase().replace(' ', '-'), name, email, note, tenant });

/** The account of the operations team of Paradesk itself. */
export const operator = person(undefined, 'Opal Reyes', 'Operator of Paradesk');

/** People of every role. Their e-mail addresses are those by which the demo data register them. */
export const demoPeople: readonly DemoPerson[] = [
  person('first', 'Olivia Marsh', `Operations manager, ${first}`),
  person('first', 'Bram Keller', `Billing manager, ${first}`),
  person('first', 'Priya Nair', `Paralegal, ${first}`),
  person('first', 'Theo Lund', `Virtual assistant, ${first}`),
  person('first', 'Grace Alder', `Attorney at Alder & Finch LLP, client of ${first}`, 'grace@alderfinch.example'),
  person(
    'first',
    'Alder Docketing',
    `Partner system of Alder & Finch LLP, client of ${first}`,
    'docket@alderfinch.example',
  ),
  person('second', 'Nora Vance', `Operations manager, ${second}`),
  person('second', 'Idris Cole', `Billing manager, ${second}`),
  operator,
];
