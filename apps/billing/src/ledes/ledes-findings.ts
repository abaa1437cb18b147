/** The rules of e-billing vendors, numbered once so that a finding, a spec and a vendor's refusal speak of the same thing. */
export type LedesRule =
  | 'V01' // first two lines exact, at least three lines
  | 'V02' // 24 columns, `[]` ends every line and stands nowhere else
  | 'V03' // dates exist, as YYYYMMDD
  | 'V04' // numbers of digits, `.` and a leading sign only
  | 'V05' // required fields are not blank
  | 'V06' // unit cost x units + adjustment = line total
  | 'V07' // one INVOICE_TOTAL on all lines of an invoice
  | 'V08' // INVOICE_TOTAL = sum of the line totals
  | 'V09' // invoice number not posted before
  | 'V10' // line date inside the billing period
  | 'V11' // billing start not after billing end
  | 'V12' // units and rate on fees and expenses, timekeeper on fees
  | 'V13' // no negative units; a discount is a line of its own
  | 'V14' // descriptions and names as Brightflag wants them
  | 'V15' // client matter id present; the file is a .txt
  | 'V16' // no literal NULL; ANSI encoding
  | 'V17' // lengths and closed lists
  | 'V18' // codes of the agreed UTBMS set, each on its kind of line
  | 'V19' // matter, timekeeper and rate approved by the client
  | 'V20'; // line numbers unique within the invoice

/** What is wrong (`reject`: a vendor would refuse the file) or worth knowing (`note`) at one place of a LEDES file. */
export interface LedesFinding {
  /** Line of the file, from 1; a missing line has the number it would have. 0 stands for the file as a whole. */
  readonly line: number;
  /** Column by its LEDES name; empty where the finding is about the whole line or file. */
  readonly field: string;
  readonly rule: LedesRule;
  readonly severity: 'reject' | 'note';
  /** A sentence for the person who has to mend the file. Quotes at most 40 characters of it. */
  readonly message: string;
}

/** Gathers the findings of one reading. */
export class LedesFindings {
  /** Whether one of the findings makes a vendor refuse the file. */
  refused = false;
  private readonly found: LedesFinding[] = [];

  reject(line: number, field: string, rule: LedesRule, message: string): void {
    this.refused = true;
    this.found.push({ line, field, rule, severity: 'reject', message });
  }

  note(line: number, field: string, rule: LedesRule, message: string): void {
    this.found.push({ line, field, rule, severity: 'note', message });
  }

  /** All of them in the order of the file's lines: those about an invoice's sum are only known at the end. */
  inFileOrder(): LedesFinding[] {
    return this.found.sort((one, other) => one.line - other.line);
  }
}

/** A value as a message may show it: in quotes, cut to 40 characters so that a finding stays small. */
export function quoted(value: string): string {
  return value.length > 40 ? `"${value.slice(0, 37)}..."` : `"${value}"`;
}
