import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedesServiceService, LedesFinding_Severity as Severity } from '@paradesk/contracts/paradesk/billing/v1/ledes';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE } from '../src/ledes/ledes-1998b-columns.js';

let system: ServiceUnderTest;
beforeAll(async () => {
  system = await ServiceUnderTest.start(billing);
});
afterAll(() => system.stop());

const LINE =
  '20260205|2026017|HALE|0042|225|20260101|20260131|Discovery support|1|F|1.5|0|225|20260106|L320||A104|MK|Review production|99-1234567|150|Kovac, Mira|PARALG|H-9001[]';

/** Asks as anybody does: without a token. */
function check(
  lines: readonly string[],
  known: { fileName?: string; postedInvoiceNumbers?: string[]; timekeeperIds?: string[] } = {},
) {
  const data = Buffer.from([LEDES_1998B_FIRST_LINE, LEDES_1998B_SECOND_LINE, ...lines, ''].join('\r\n'), 'latin1');
  return system
    .client(LedesServiceService, undefined)
    .checkLedes({ file: { contentType: 'text/plain', data, extensions: [] }, ...known });
}

describe('a check of a LEDES file', () => {
  it('tells whoever asks what an accepted file bills', async () => {
    expect(await check([LINE])).toEqual({
      format: 'LEDES 1998B',
      accepted: true,
      findings: [],
      totalFindings: 0,
      invoices: [{ number: '2026017', total: '225', lines: 1 }],
    });
  });

  it('names line, column and rule of what a vendor would refuse', async () => {
    const { accepted, findings, invoices } = await check([LINE.replace('|225|2026', '|226|2026')], {
      fileName: 'HALE.csv',
    });
    expect([accepted, invoices]).toEqual([false, []]);
    expect(findings.map(({ line, field, rule, severity }) => [line, field, rule, severity])).toEqual([
      [0, '', 'V15', Severity.REJECT],
      [3, 'INVOICE_TOTAL', 'V08', Severity.REJECT],
    ]);
  });

  it('knows what it is told of the vendor and the client', async () => {
    const { findings } = await check([LINE], { postedInvoiceNumbers: ['2026017'], timekeeperIds: ['TB'] });
    expect(findings.map(({ rule, field }) => [rule, field])).toEqual([
      ['V19', 'TIMEKEEPER_ID'],
      ['V09', 'INVOICE_NUMBER'],
    ]);
  });

  it('lists the first 1,000 findings and counts the others', async () => {
    const answer = await check(Array.from({ length: 1500 }, () => 'no columns[]'));
    expect([answer.findings.length, answer.totalFindings]).toEqual([1000, 1500]);
  });

  it('needs a file', async () => {
    const asked = system.client(LedesServiceService, undefined).checkLedes({});
    await expect(asked).rejects.toMatchObject({ kind: 'invalid', violations: [{ field: 'file' }] });
  });
});
