import { LEDES_COLUMNS, type Column } from './ledes-1998b-columns.js';

/** The first line of a LEDES 98BI V2 file. */
export const LEDES_98BI_FIRST_LINE = 'LEDES98BI V2[]';

/** The seven columns of an address, of the firm and of the client. */
function address<Side extends 'LAW_FIRM' | 'CLIENT'>(side: Side) {
  return [
    { name: `${side}_NAME`, kind: 'text', maxLength: 60, required: false },
    { name: `${side}_ADDRESS_1`, kind: 'text', maxLength: 60, required: false },
    { name: `${side}_ADDRESS_2`, kind: 'text', maxLength: 60, required: false },
    { name: `${side}_CITY`, kind: 'text', maxLength: 40, required: false },
    { name: `${side}_STATEorREGION`, kind: 'text', maxLength: 40, required: false },
    { name: `${side}_POSTCODE`, kind: 'text', maxLength: 20, required: false },
    { name: `${side}_COUNTRY`, kind: 'text', maxLength: 3, required: false },
  ] as const satisfies readonly Column[];
}

/** The 28 columns that LEDES 98BI V2 has after those of LEDES 1998B: whose matter it is, in which currency, and taxes. */
export const LEDES_98BI_EXTRA_COLUMNS = [
  { name: 'PO_NUMBER', kind: 'text', maxLength: 100, required: false },
  { name: 'CLIENT_TAX_ID', kind: 'text', maxLength: 20, required: true },
  { name: 'MATTER_NAME', kind: 'text', maxLength: 255, required: true },
  { name: 'INVOICE_TAX_TOTAL', kind: 'amount', wholeDigits: 12, required: false },
  { name: 'INVOICE_NET_TOTAL', kind: 'amount', wholeDigits: 12, required: true },
  { name: 'INVOICE_CURRENCY', kind: 'text', maxLength: 3, required: false },
  { name: 'TIMEKEEPER_LAST_NAME', kind: 'text', maxLength: 30, required: false },
  { name: 'TIMEKEEPER_FIRST_NAME', kind: 'text', maxLength: 30, required: false },
  { name: 'ACCOUNT_TYPE', kind: 'text', maxLength: 1, required: false },
  ...address('LAW_FIRM'),
  ...address('CLIENT'),
  // A rate has more decimals than amounts have (8.875 % is 0.08875): read by the rules of taxes.
  { name: 'LINE_ITEM_TAX_RATE', kind: 'text', maxLength: 20, required: false },
  { name: 'LINE_ITEM_TAX_TOTAL', kind: 'amount', wholeDigits: 10, required: true },
  { name: 'LINE_ITEM_TAX_TYPE', kind: 'text', maxLength: 20, required: false },
  { name: 'INVOICE_REPORTED_TAX_TOTAL', kind: 'amount', wholeDigits: 12, required: false },
  { name: 'INVOICE_TAX_CURRENCY', kind: 'text', maxLength: 3, required: false },
] as const satisfies readonly Column[];

/** The 52 columns of LEDES 98BI V2 in their order. */
export const LEDES_98BI_COLUMNS = [...LEDES_COLUMNS, ...LEDES_98BI_EXTRA_COLUMNS] as const;

/** The name of a column that LEDES 98BI V2 has and LEDES 1998B has not. */
export type Ledes98biColumn = (typeof LEDES_98BI_EXTRA_COLUMNS)[number]['name'];

/** The second line of a LEDES 98BI V2 file. */
export const LEDES_98BI_SECOND_LINE = `${LEDES_98BI_COLUMNS.map((column) => column.name).join('|')}[]`;
