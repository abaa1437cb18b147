import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLedes1998b, type LedesReading } from '../src/ledes/ledes-reader.js';

const folder = join(process.env.PARADESK_FIXTURES ?? '', 'ledes');
const files =
  process.env.PARADESK_FIXTURES && existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.txt'))
    : [];

function read(name: string): LedesReading {
  return readLedes1998b(readFileSync(join(folder, name)), { fileName: name });
}

describe('LEDES 1998B files of others', () => {
  if (files.length === 0) {
    it('are not there', () => {
      process.stdout.write('real fixtures missing\n');
    });
    return;
  }

  it.each(files.filter((name) => !name.includes('-refused')))('are accepted, with totals that are sums: %s', (name) => {
    const { file, findings } = read(name);
    expect(findings.filter(({ severity }) => severity === 'reject')).toEqual([]);
    expect(file?.invoices.length).toBeGreaterThan(0);
    for (const invoice of file?.invoices ?? []) {
      expect(invoice.lines.reduce((sum, line) => sum + line.totalE4, 0n)).toBe(invoice.totalE4);
    }
  });

  it.each(files.filter((name) => name.includes('-refused')))('are refused with lines and rules: %s', (name) => {
    const { file, findings } = read(name);
    expect(file).toBeUndefined();
    expect(findings.filter(({ severity, line }) => severity === 'reject' && line > 0)).not.toEqual([]);
  });

  it('come to 1684.45 and 1250.00 in the sample of the LEDES committee', () => {
    const totals = read('ledes-1998b-sample.txt').file?.invoices.map(({ number, totalE4 }) => [number, totalE4]);
    expect(totals).toEqual([
      ['96542', 16844500n],
      ['96543', 12500000n],
    ]);
  });

  it('break V08 and V20 alone in the refused sample', () => {
    const { findings } = read('ledes-1998b-refused.txt');
    expect(findings.map(({ line, field, rule }) => [line, field, rule])).toEqual([
      [8, 'INVOICE_TOTAL', 'V08'],
      [9, 'LINE_ITEM_NUMBER', 'V20'],
    ]);
  });
});
