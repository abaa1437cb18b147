import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Person } from '@paradesk/contracts/paradesk/identity/v1/people';
import { QualificationKind } from '@paradesk/contracts/paradesk/identity/v1/qualifications';
import { Tenant } from '@paradesk/contracts/paradesk/identity/v1/tenants';
import { newId } from '@paradesk/kernel';
import { MailCatcher, ServiceUnderTest } from '@paradesk/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { communications } from '../src/communications.module.js';

const tenantId = newId(Date.now());
const folder = mkdtempSync(join(tmpdir(), 'paradesk-mail-'));
let system: ServiceUnderTest;
let catcher: MailCatcher;

beforeAll(async () => {
  catcher = await MailCatcher.start({ folder });
  system = await ServiceUnderTest.start(communications, { SMTP_URL: catcher.smtpUrl });
});
afterAll(async () => {
  await system.stop();
  await catcher.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('reminds a paralegal, with a copy to the company, of each step of a qualification that ends', async () => {
  const tell = (version: number, withinDays: number) =>
    system.deliver(topics.people, {
      tenantId,
      aggregateId: person.id,
      aggregateVersion: version,
      event: { event: { $case: 'qualificationExpiring', value: { person, qualificationId: held.id, withinDays } } },
    });
  const held = {
    id: newId(Date.now()),
    kind: QualificationKind.CERTIFICATE,
    jurisdiction: 'us-ca',
    validUntil: { year: 2026, month: 4, day: 30 },
  };
  const person = Person.fromPartial({
    id: newId(Date.now()),
    firstName: 'Pat',
    lastName: 'Legal',
    email: 'pat@harbor.example',
    role: Role.PARALEGAL,
    qualifications: [held],
  });
  await tell(1, 60);
  // The tenant's event has not come yet: the mail waits for it.
  await system.drainJobs();
  expect(await catcher.mails()).toEqual([]);
  const tenant = Tenant.fromPartial({ id: tenantId, name: 'Harbor', email: 'office@harbor.example', version: 1 });
  const event = { event: { $case: 'created' as const, value: { tenant } } };
  await system.deliver(topics.tenants, { tenantId, aggregateId: tenantId, aggregateVersion: 1, event });
  await tell(2, 30);
  system.clock.advance({ minutes: 10 });
  await system.drainJobs();

  const mails = await catcher.mails();
  expect(mails).toHaveLength(2);
  for (const mail of mails) {
    expect([mail.to, mail.subject]).toEqual([
      expect.stringContaining('pat@harbor.example'),
      'Your certificate for US-CA ends on April 30, 2026',
    ]);
    expect(mail.cc).toContain('office@harbor.example');
    expect(mail.text).toContain('Dear Pat Legal');
  }
});
