import type { LedesFile, LedesInvoice } from './ledes-1998b-columns.js';
import { LedesFieldReader } from './ledes-fields.js';
import { LedesFindings, quoted, type LedesFinding } from './ledes-findings.js';
import { formatOf, LEDES_1998B, LEDES_98BI, type LedesFormat } from './ledes-formats.js';
import { LedesInvoiceReading } from './ledes-invoice-reading.js';
import { LedesLineRules, type LedesKnown } from './ledes-line-rules.js';
import { LedesTaxRules } from './ledes-tax-rules.js';

/** Largest file that is read, in bytes: more than 500,000 lines. */
export const LEDES_MAX_BYTES = 256 * 1024 * 1024;

const LONGEST_FIRST_LINE = 20;

/** What a reading may be told beside the file. */
export interface LedesReadOptions {
  /** Name of the file, which vendors want to end in `.txt` (V15); not checked when absent. */
  readonly fileName?: string;
  /** Decimals of the invoices' currency where the file does not name it, as LEDES 1998B cannot; 2 when absent, at most 4. */
  readonly minorDigits?: number;
  /** What is known outside the file, for V09, V18 and V19. */
  readonly known?: LedesKnown;
}

/** What became of a file: its content is there only if no finding makes a vendor refuse it. */
export interface LedesReading {
  /** What it was read as. */
  readonly format: LedesFormat['name'];
  readonly file: LedesFile | undefined;
  /** All of them, in the order of the file's lines. */
  readonly findings: readonly LedesFinding[];
}

/**
 * Reads and checks a LEDES 1998B file (rules V01 to V20). Never throws, whatever the bytes are. Lines end in CRLF or LF; blank
 * lines after the last one are ignored.
 *
 * One pass, in time proportional to the file. Memory: the file once more as a string of one byte per byte, of which the texts
 * of the lines are slices, and one object of 18 values per line; days are shared between lines.
 */
export function readLedes1998b(bytes: Uint8Array, options: LedesReadOptions = {}): LedesReading {
  return readAs(() => LEDES_1998B, bytes, options);
}

/** As `readLedes1998b`, of the format that the file's first line names: LEDES 98BI V2 too, with the rules of its taxes. */
export function readLedes(bytes: Uint8Array, options: LedesReadOptions = {}): LedesReading {
  return readAs(formatOf, bytes, options);
}

function readAs(formatFor: typeof formatOf, bytes: Uint8Array, options: LedesReadOptions): LedesReading {
  const findings = new LedesFindings();
  if (options.fileName !== undefined && !/\.txt$/i.test(options.fileName)) {
    findings.reject(0, '', 'V15', `The file ${quoted(options.fileName)} is not named .txt.`);
  }
  const text = textOf(bytes, findings);
  const format = formatFor(text?.slice(0, LONGEST_FIRST_LINE) ?? '');
  const reading = new FileReading(format, options, findings);
  reading.read(text);
  const invoices = reading.close();
  const file = findings.refused ? undefined : { invoices };
  return { format: format.name, file, findings: findings.inFileOrder() };
}

class FileReading {
  private readonly invoices = new Map<string, LedesInvoiceReading>();
  /** Numbers of invoices with a line of the wrong columns, whose sum cannot be judged. */
  private readonly incomplete = new Set<string>();
  private readonly fieldReader: LedesFieldReader;
  private readonly rules: LedesLineRules;
  private readonly taxRules: LedesTaxRules;

  constructor(
    private readonly format: LedesFormat,
    private readonly options: LedesReadOptions,
    private readonly findings: LedesFindings,
  ) {
    this.fieldReader = new LedesFieldReader(format, findings);
    this.rules = new LedesLineRules(findings, options.minorDigits ?? 2, options.known ?? {});
    this.taxRules = new LedesTaxRules(findings, this.rules);
  }

  read(text: string | undefined): void {
    if (text === undefined) return;
    let line = 0;
    for (const content of linesOf(text)) {
      line += 1;
      if (line > 2) this.readLine(line, content);
      else if (line === 2) this.checkColumns(content);
      else if (!this.isFormat(content)) return;
    }
    if (line < 3) {
      this.findings.reject(line + 1, '', 'V01', `Line ${line + 1} is missing: a file has at least 3 lines.`);
    }
  }

  close(): LedesInvoice[] {
    for (const [number, invoice] of this.invoices) {
      if (this.incomplete.has(number)) invoice.missLine();
      invoice.close(this.options.known?.postedInvoiceNumbers);
    }
    return [...this.invoices.values()].map((invoice) => invoice.toInvoice()).filter((invoice) => invoice !== undefined);
  }

  /** Whether the lines that follow can be those of the format; another format would only give thousands of findings. */
  private isFormat(content: string): boolean {
    const { firstLine } = this.format;
    if (content === firstLine) return true;
    this.findings.reject(1, '', 'V01', `Line 1 is ${quoted(content)} instead of "${firstLine}".`);
    return content.startsWith(firstLine.slice(0, -2)) || !content.startsWith('LEDES');
  }

  private checkColumns(content: string): void {
    const { columns, secondLine } = this.format;
    if (content === secondLine) return;
    const names = content.split('|', columns.length + 1);
    const wrong = columns.find((column, at) => names[at] !== column.name);
    const message = `Line 2 is not the line of the ${columns.length} column names, exactly as the format has it.`;
    this.findings.reject(2, wrong?.name ?? '', 'V01', message);
  }

  private readLine(line: number, content: string): void {
    const { columns } = this.format;
    const isEnded = content.endsWith('[]');
    const values = (isEnded ? content.slice(0, -2) : content).split('|', columns.length + 1);
    if (values.length !== columns.length) {
      const count = values.length > columns.length ? `more than ${columns.length}` : `${values.length}`;
      this.findings.reject(line, '', 'V02', `The line has ${count} columns instead of ${columns.length}.`);
      this.incomplete.add(values[1]?.trim() ?? '');
      return;
    }
    if (!isEnded) this.findings.reject(line, '', 'V02', 'The line does not end in "[]".');
    columns.forEach(({ name }, at) => {
      if (!isEnded || !values[at]?.includes('[]')) return;
      this.findings.reject(line, name, 'V02', `${name} holds "[]", which ends a line.`);
    });
    const fields = this.fieldReader.read(line, values);
    this.rules.check(fields);
    if (this.format === LEDES_98BI) this.taxRules.check(fields);
    const number = fields.text.INVOICE_NUMBER;
    if (number === '') return;
    const invoice = this.invoices.get(number) ?? new LedesInvoiceReading(fields, this.findings);
    this.invoices.set(number, invoice);
    invoice.add(fields);
  }
}

/** The bytes as a string of as many characters (decoded where they are not ASCII); undefined where no line can be read. */
function textOf(bytes: Uint8Array, findings: LedesFindings): string | undefined {
  if (bytes.length > LEDES_MAX_BYTES) {
    findings.reject(0, '', 'V17', `The file has ${bytes.length} bytes; at most ${LEDES_MAX_BYTES} are read.`);
    return undefined;
  }
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    findings.reject(1, '', 'V16', 'The file is encoded as UTF-16; the format is ASCII.');
    return undefined;
  }
  const hasByteOrderMark = first === 0xef && second === 0xbb && third === 0xbf;
  if (hasByteOrderMark) {
    findings.reject(
      1,
      '',
      'V16',
      'The file starts with a byte order mark of UTF-8, so that its first line is not exact.',
    );
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', hasByteOrderMark ? 3 : 0);
}

function* linesOf(text: string): Generator<string> {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '\n' || text[end - 1] === '\r')) end -= 1;
  for (let start = 0; start < end;) {
    const next = text.indexOf('\n', start);
    const stop = next === -1 || next > end ? end : next;
    yield text.slice(start, stop > start && text[stop - 1] === '\r' && stop < end ? stop - 1 : stop);
    start = stop + 1;
  }
}
