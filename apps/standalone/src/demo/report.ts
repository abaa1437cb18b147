import type { ProvenInvoice } from './prove-invoice.js';

/** The outcome of the demo. */
export interface Outcome {
  readonly invoices: readonly ProvenInvoice[];
  readonly ledgerBalanced: boolean;
  /** Invoices that a second run of the same file made: none, if nothing is billed twice. */
  readonly secondRunBilled: number;
}

/** One JSON object on one line; totals are decimals of the invoice's currency. */
export function toJson({ invoices, ledgerBalanced, secondRunBilled }: Outcome): string {
  return JSON.stringify({
    invoices: invoices.map(({ number, total, ledesValid, pdfBytes, mails }) => ({
      number,
      total: Number(total.toDecimal()),
      ledesValid,
      pdfBytes,
      mails,
    })),
    ledgerBalanced,
    secondRunBilled,
  });
}

const MATTERS_WIDTH = 20;

const COLUMNS: readonly {
  readonly head: string;
  readonly right?: true;
  readonly of: (one: ProvenInvoice) => string;
}[] = [
  { head: 'Invoice', of: (one) => one.number },
  { head: 'Client', of: (one) => one.client },
  { head: 'Matters', of: (one) => listed(one.matters) },
  { head: 'Lines', right: true, of: (one) => `${one.lines}` },
  { head: 'Total', right: true, of: (one) => one.total.toString() },
  { head: 'LEDES', of: (one) => (one.ledesValid ? 'valid' : 'REFUSED') },
  { head: 'PDF', right: true, of: (one) => `${Math.ceil(one.pdfBytes / 1024)} kB` },
  { head: 'Mails', right: true, of: (one) => `${one.mails}` },
];

/** A table that a person can read in a terminal of 100 columns, and where to see the rest. */
export function toText({ invoices, ledgerBalanced, secondRunBilled }: Outcome): string {
  const rows = [
    COLUMNS.map((column) => column.head),
    ...invoices.map((one) => COLUMNS.map((column) => column.of(one))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, at) => (COLUMNS[at]?.right ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = table;
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [
    head,
    rule,
    ...body,
    '',
    `Ledger      ${ledgerBalanced ? 'balances' : 'DOES NOT BALANCE'}`,
    `Second run  ${secondRunBilled === 0 ? 'billed nothing twice' : `billed ${secondRunBilled} invoices AGAIN`}`,
  ].join('\n');
}

/** The addresses of each invoice's mail and files. */
export function linksText(invoices: readonly ProvenInvoice[]): string {
  return invoices
    .map(({ number, links }) =>
      [number, `  Mail   ${links.mail}`, `  PDF    ${links.pdf}`, `  LEDES  ${links.ledes}  (with an API key)`].join(
        '\n',
      ),
    )
    .join('\n');
}

/** As many of them as fit, so that a client with many matters does not break the table. */
function listed(codes: readonly string[]): string {
  let shown = 1;
  while (shown < codes.length && codes.slice(0, shown + 1).join(', ').length <= MATTERS_WIDTH) shown += 1;
  const rest = codes.length - shown;
  return `${codes.slice(0, shown).join(', ')}${rest > 0 ? ` +${rest}` : ''}`;
}
