import { LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE, LEDES_COLUMNS } from './ledes-1998b-columns.js';
import { LEDES_98BI_COLUMNS, LEDES_98BI_FIRST_LINE, LEDES_98BI_SECOND_LINE } from './ledes-98bi-columns.js';

/** A LEDES format of lines and columns: its two first lines, and what each line holds. */
export interface LedesFormat {
  readonly name: 'LEDES 1998B' | 'LEDES 98BI V2';
  readonly firstLine: string;
  readonly secondLine: string;
  readonly columns: typeof LEDES_COLUMNS | typeof LEDES_98BI_COLUMNS;
}

export const LEDES_1998B: LedesFormat = {
  name: 'LEDES 1998B',
  firstLine: LEDES_1998B_FIRST_LINE,
  secondLine: LEDES_1998B_SECOND_LINE,
  columns: LEDES_COLUMNS,
};

export const LEDES_98BI: LedesFormat = {
  name: 'LEDES 98BI V2',
  firstLine: LEDES_98BI_FIRST_LINE,
  secondLine: LEDES_98BI_SECOND_LINE,
  columns: LEDES_98BI_COLUMNS,
};

/** The format that a file says of itself in its first line; LEDES 1998B where it says neither. */
export function formatOf(firstLine: string): LedesFormat {
  return /^LEDES98BI/i.test(firstLine) ? LEDES_98BI : LEDES_1998B;
}
