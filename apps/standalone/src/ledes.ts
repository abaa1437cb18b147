import { LEDES_MAX_BYTES, readLedes, type LedesReading } from '@paradesk/billing/ledes';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'takes check FILE [--posted NUMBER,...] [--timekeepers ID,...] [--json]: npm run ledes -- check FILE';

// Checks a LEDES 1998B or 98BI V2 file as e-billing vendors do. Needs no running system. Ends with 0 when they would take it, with
// 1 when they would refuse it, with 2 when there is nothing to check.
try {
  process.exitCode = main();
} catch (error) {
  console.error(`ledes: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

function main(): number {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      posted: { type: 'string' },
      timekeepers: { type: 'string' },
    },
    allowPositionals: true,
  });
  const [verb, path, ...rest] = positionals;
  if (verb !== 'check' || path === undefined || rest.length > 0) throw new Error(USAGE);
  if (statSync(path).size > LEDES_MAX_BYTES) throw new Error(`${path} has more than ${LEDES_MAX_BYTES} bytes`);
  const reading = readLedes(readFileSync(path), {
    fileName: basename(path),
    known: { postedInvoiceNumbers: listOf(values.posted), timekeeperIds: listOf(values.timekeepers) },
  });
  if (values.json) console.log(JSON.stringify(summaryOf(path, reading)));
  else print(path, reading);
  return reading.file ? 0 : 1;
}

function listOf(text: string | undefined): ReadonlySet<string> | undefined {
  return text === undefined ? undefined : new Set(text.split(',').map((one) => one.trim()));
}

function print(path: string, reading: LedesReading): void {
  for (const { line, field, rule, severity, message } of reading.findings)
    console.log([`line ${line}`, field || '-', rule, severity, message].join('  '));
  const { accepted, format, rejections, notes, invoices, lines } = summaryOf(path, reading);
  const counts = `${rejections} rejections, ${notes} notes`;
  console.log(
    accepted
      ? `${path}: a ${format} file that vendors take: ${invoices} invoices, ${lines} lines, ${counts}`
      : `${path}: refused as ${format}: ${counts}`,
  );
}

function summaryOf(path: string, { format, file, findings }: LedesReading) {
  const rejections = findings.filter(({ severity }) => severity === 'reject').length;
  return {
    file: path,
    format,
    accepted: file !== undefined,
    rejections,
    notes: findings.length - rejections,
    invoices: file?.invoices.length ?? 0,
    lines: file?.invoices.reduce((sum, { lines }) => sum + lines.length, 0) ?? 0,
    findings,
  };
}
