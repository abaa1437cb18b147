import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HEADER =
  'INVOICE_DATE|INVOICE_NUMBER|CLIENT_ID|LAW_FIRM_MATTER_ID|INVOICE_TOTAL|BILLING_START_DATE|BILLING_END_DATE|INVOICE_DESCRIPTION|LINE_ITEM_NUMBER|EXP/FEE/INV_ADJ_TYPE|LINE_ITEM_NUMBER_OF_UNITS|LINE_ITEM_ADJUSTMENT_AMOUNT|LINE_ITEM_TOTAL|LINE_ITEM_DATE|LINE_ITEM_TASK_CODE|LINE_ITEM_EXPENSE_CODE|LINE_ITEM_ACTIVITY_CODE|TIMEKEEPER_ID|LINE_ITEM_DESCRIPTION|LAW_FIRM_ID|LINE_ITEM_UNIT_COST|TIMEKEEPER_NAME|TIMEKEEPER_CLASSIFICATION|CLIENT_MATTER_ID[]';
const LINE =
  '20260205|2026017|HALE|0042|225|20260101|20260131|Discovery support|1|F|1.5|0|225|20260106|L320||A104|MK|Review production|99-1234567|150|Kovac, Mira|PARALG|H-9001[]';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'paradesk-ledes-'));
  writeFileSync(join(folder, 'taken.txt'), `LEDES1998B[]\r\n${HEADER}\r\n${LINE}\r\n`);
  writeFileSync(
    join(folder, 'refused.txt'),
    `LEDES1998B[]\r\n${HEADER}\r\n${LINE.replace('|225|2026', '|226|2026')}\r\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program as it was built, in the folder of the files. */
function ledes(...args: string[]): Promise<{ code: number; lines: string[]; errors: string }> {
  const program = fileURLToPath(new URL('../dist/ledes.js', import.meta.url));
  return new Promise((resolve) =>
    execFile(process.execPath, [program, ...args], { cwd: folder, env: {} }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, lines: stdout.trim().split('\n'), errors: stderr.trim() }),
    ),
  );
}

describe('npm run ledes -- check', () => {
  it('ends with 0 for a file that vendors take', async () => {
    expect(await ledes('check', 'taken.txt')).toEqual({
      code: 0,
      lines: ['taken.txt: a LEDES 1998B file that vendors take: 1 invoices, 1 lines, 0 rejections, 0 notes'],
      errors: '',
    });
  });

  it('ends with 1 for one that they refuse, and names line, column and rule', async () => {
    const { code, lines } = await ledes('check', 'refused.txt');
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^line 3 +INVOICE_TOTAL +V08 +reject /);
    expect(lines.at(-1)).toBe('refused.txt: refused as LEDES 1998B: 1 rejections, 0 notes');
  });

  it('says the same as JSON, and knows what it is told', async () => {
    const { code, lines } = await ledes('check', 'taken.txt', '--json', '--posted', '1,2026017');
    expect(code).toBe(1);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({
      accepted: false,
      rejections: 1,
      findings: [{ line: 3, field: 'INVOICE_NUMBER', rule: 'V09', severity: 'reject' }],
    });
  });

  it.each([
    ['without a file', ['check'], /^ledes: takes check FILE/],
    ['of a file that is not there', ['check', 'none.txt'], /^ledes: .*none\.txt/],
    ['with an option that does not exist', ['check', 'taken.txt', '--fast'], /^ledes: .*--fast/],
  ])('ends with 2 %s', async (_name, args, message) => {
    const { code, errors } = await ledes(...args);
    expect(code).toBe(2);
    expect(errors).toMatch(message);
  });
});
