import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ImportsServiceService } from '@paradesk/contracts/paradesk/billing/v1/imports';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { ServiceUnderTest } from '@paradesk/testing';
import { billing } from '../src/billing.module.js';
import { aClient, aFirm, aMatter, anAgreement, aPerson, refusalOf, type Firm } from './builders.js';

const folder = join(process.env.PARADESK_FIXTURES ?? '', 'ledes');
const isPresent = existsSync(join(folder, 'ledes-1998b-sample.txt'));

let system: ServiceUnderTest;
let firm: Firm;

beforeAll(async () => {
  if (!isPresent) return;
  system = await ServiceUnderTest.start(billing);
  firm = await aFirm(system);
  const client = await aClient(system, firm.tenantId, { code: '00711' });
  for (const code of ['0528', '1326']) {
    const matter = await aMatter(system, client, firm.tenantId, { code });
    await anAgreement(system, { ...firm, matter }, { validFrom: { year: 1999, month: 1, day: 1 } });
  }
  for (const timekeeperCode of ['22547', '45875']) {
    await aPerson(system, firm.tenantId, { role: Role.PARALEGAL, timekeeperCode });
  }
});
afterAll(() => (isPresent ? system.stop() : undefined));

async function importFixture(name: string) {
  const data = await readFile(join(folder, name));
  return system
    .client(ImportsServiceService, firm.billingManager)
    .importLedes({ file: { contentType: 'text/plain', data, extensions: [] } });
}

describe('the LEDES committee’s own file', () => {
  if (!isPresent) {
    it('is not there', () => {
      process.stdout.write('real fixtures missing\n');
    });
    return;
  }

  it('becomes the work of its two invoices, once', async () => {
    const first = await importFixture('ledes-1998b-sample.txt');
    expect(first.groups.map((group) => [group.sourceInvoiceNumber, group.total?.amountMinor])).toEqual([
      ['96542', 168_445n],
      ['96543', 125_000n],
    ]);
    expect([first.recordedLines, first.knownLines]).toEqual([6, 0]);
    const second = await importFixture('ledes-1998b-sample.txt');
    expect([second.recordedLines, second.knownLines]).toEqual([0, 6]);
    expect(second.groups).toEqual(first.groups);
  });

  it('with a line too many is refused', async () => {
    const refusal = await refusalOf(importFixture('ledes-1998b-refused.txt'));
    expect(refusal.reason).toBe('LEDES_REFUSED');
    expect(refusal.fields).toEqual(expect.arrayContaining(['line 8 INVOICE_TOTAL', 'line 9 LINE_ITEM_NUMBER']));
  });
});
