import { describe, expect, it } from '@jest/globals';
import { Money } from '@paradesk/kernel';
import type { ProvenInvoice } from './prove-invoice.js';
import { toJson, toText } from './report.js';

function anInvoice(invoice: Partial<ProvenInvoice> = {}): ProvenInvoice {
  return {
    number: 'INV-2026-00001',
    client: 'KESTREL',
    matters: ['2026-0114'],
    lines: 21,
    total: Money.parse('1684.45', 'USD'),
    ledesValid: true,
    pdfBytes: 40_000,
    mails: 1,
    links: { mail: '', pdf: '', ledes: '' },
    problems: [],
    ...invoice,
  };
}

describe('the report', () => {
  it('is one JSON object on one line, with totals as numbers', () => {
    const text = toJson({ invoices: [anInvoice()], ledgerBalanced: true, secondRunBilled: 0 });
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({
      invoices: [{ number: 'INV-2026-00001', total: 1684.45, ledesValid: true, pdfBytes: 40_000, mails: 1 }],
      ledgerBalanced: true,
      secondRunBilled: 0,
    });
  });

  it.each([
    { name: 'ordinary invoices', of: [anInvoice(), anInvoice({ client: 'ALDER', total: Money.parse('9.10', 'USD') })] },
    {
      name: 'a client of many matters',
      of: [anInvoice({ matters: Array.from({ length: 40 }, (_, at) => `M-${at}`) })],
    },
    { name: 'the longest codes', of: [anInvoice({ client: 'C'.repeat(20), matters: ['M'.repeat(20), 'N'] })] },
  ])('aligns its columns within 110 characters: $name', ({ of }) => {
    const [head = '', rule = '', ...rest] = toText({ invoices: of, ledgerBalanced: true, secondRunBilled: 0 }).split(
      '\n',
    );
    const rows = rest.slice(0, of.length);
    expect([head, rule, ...rows].every((row) => row.length === rule.length && row.length <= 110)).toBe(true);
  });

  it('shouts what is wrong', () => {
    const text = toText({ invoices: [anInvoice({ ledesValid: false })], ledgerBalanced: false, secondRunBilled: 2 });
    expect(text).toContain('REFUSED');
    expect(text).toContain('DOES NOT BALANCE');
    expect(text).toContain('billed 2 invoices AGAIN');
  });
});
