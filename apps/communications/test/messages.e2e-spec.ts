import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { Invoice, InvoiceStatus } from '@paradesk/contracts/paradesk/billing/v1/invoices';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { MessagesServiceService, MessageStatus } from '@paradesk/contracts/paradesk/communications/v1/messages';
import { DocumentsServiceService } from '@paradesk/contracts/paradesk/documents/v1/documents';
import { ClientKind, ContactPurpose } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { newId } from '@paradesk/kernel';
import { aCaller, MailCatcher, ServiceUnderTest } from '@paradesk/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { communications } from '../src/communications.module.js';

describe('the mail of an invoice', () => {
  let system: ServiceUnderTest;
  let catcher: MailCatcher;
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-mail-'));
  const manager = aCaller({ role: Role.BILLING_MANAGER });

  beforeAll(async () => {
    catcher = await MailCatcher.start({ folder });
    system = await ServiceUnderTest.start(communications, { SMTP_URL: catcher.smtpUrl });
    system.peers.stub(DocumentsServiceService, {
      getDocument: ({ documentId }) => ({ id: documentId, name: 'INV-2026-00001.pdf' }),
      downloadDocument: () => [
        { contentType: 'application/pdf', data: Buffer.from('%PDF-1.7 '), extensions: [] },
        { contentType: '', data: Buffer.from('the rest'), extensions: [] },
      ],
    });
    const tenant = {
      id: manager.tenantId,
      name: 'Harbor Paralegal',
      timeZone: 'UTC',
      taxId: '1',
      addressLines: [],
      email: 'office@harbor.example',
      version: 1,
      qualificationRequirement: 1,
    };
    await system.deliver(topics.tenants, {
      tenantId: manager.tenantId,
      aggregateId: manager.tenantId,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { tenant } } },
    });
  });
  afterAll(async () => {
    await system.stop();
    await catcher.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Person {
    readonly name: string;
    readonly email: string;
    readonly purpose?: ContactPurpose;
  }

  async function tellOfClient(id: string, contacts: readonly Person[], version = 1): Promise<void> {
    const client = {
      id,
      code: 'C',
      name: 'Firm',
      kind: ClientKind.LAW_FIRM,
      addressLines: [],
      contacts: contacts.map((contact) => ({ purpose: ContactPurpose.BILLING, ...contact, id: newId(Date.now()) })),
      version,
    };
    const event =
      version === 1
        ? { $case: 'created' as const, value: { client } }
        : { $case: 'contactAdded' as const, value: { client, contactId: '' } };
    await system.deliver(topics.clients, {
      tenantId: manager.tenantId,
      aggregateId: id,
      aggregateVersion: version,
      event: { event },
    });
  }

  async function tellOfFiledInvoice(clientId: string, number: string): Promise<string> {
    const invoice = Invoice.fromPartial({
      id: newId(Date.now()),
      clientId,
      number,
      status: InvoiceStatus.ISSUED,
      billingStart: { year: 2026, month: 2, day: 1 },
      billingEnd: { year: 2026, month: 2, day: 28 },
      issuedOn: { year: 2026, month: 3, day: 2 },
      dueOn: { year: 2026, month: 4, day: 1 },
      total: { amountMinor: 168_445n, currencyCode: 'USD' },
      pdfDocumentId: newId(Date.now()),
      ledesDocumentId: newId(Date.now()),
      version: 2,
    });
    const at = { tenantId: manager.tenantId, aggregateId: invoice.id };
    await system.deliver(topics.invoices, {
      ...at,
      aggregateVersion: 1,
      event: { event: { $case: 'issued', value: { invoice } } },
    });
    await system.deliver(topics.invoices, {
      ...at,
      aggregateVersion: 2,
      event: { event: { $case: 'filed', value: { invoice } } },
    });
    return invoice.id;
  }

  const messagesOf = async (invoiceId: string) =>
    (await system.client(MessagesServiceService, manager).listMessages({ invoiceId })).messages;
  const mailsTo = async (address: string) => (await catcher.mails()).filter((mail) => mail.to.includes(address));

  it('goes once to the billing contact with the PDF, and is kept as it was sent', async () => {
    const clientId = newId(Date.now());
    await tellOfClient(clientId, [
      { name: 'Case Desk', email: 'cases@firm.example', purpose: ContactPurpose.MATTERS },
      { name: 'Ana Pay', email: 'ap@firm.example' },
    ]);
    const invoiceId = await tellOfFiledInvoice(clientId, 'INV-2026-00001');
    await system.drainJobs();
    await system.drainJobs();

    const [mail, ...more] = await mailsTo('ap@firm.example');
    expect(more).toEqual([]);
    expect(mail?.subject).toBe('Invoice INV-2026-00001 from Harbor Paralegal');
    expect(mail?.from).toContain('office@harbor.example');
    expect(mail?.text).toContain('USD 1,684.45');
    expect(mail?.text).toContain('due on April 1, 2026');
    expect(mail?.attachments).toEqual([{ filename: 'INV-2026-00001.pdf', contentType: 'application/pdf', bytes: 17 }]);
    const [message, ...others] = await messagesOf(invoiceId);
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      status: MessageStatus.SENT,
      recipient: 'ap@firm.example',
      template: 'invoice-issued/1',
      subject: mail?.subject,
    });
    expect(await mailsTo('cases@firm.example')).toEqual([]);
  });

  it('waits for a billing contact, fails visibly without one, and goes out when there is one', async () => {
    const clientId = newId(Date.now());
    await tellOfClient(clientId, []);
    const invoiceId = await tellOfFiledInvoice(clientId, 'INV-2026-00002');
    for (let attempt = 0; attempt < 6; attempt++) {
      await system.drainJobs();
      system.clock.advance({ minutes: 10 });
    }
    expect(await messagesOf(invoiceId)).toMatchObject([
      { status: MessageStatus.FAILED, failure: 'NO_BILLING_CONTACT' },
    ]);

    await tellOfClient(clientId, [{ name: 'New Pay', email: 'new@firm.example' }], 2);
    await system.drainJobs();
    expect(await messagesOf(invoiceId)).toMatchObject([{ status: MessageStatus.SENT, failure: '' }]);
    expect(await mailsTo('new@firm.example')).toHaveLength(1);
  });

  it('cannot be made to write headers by a name with a line break', async () => {
    const clientId = newId(Date.now());
    await tellOfClient(clientId, [{ name: 'Eve\r\nBcc: all@example.com', email: 'eve@firm.example' }]);
    await tellOfFiledInvoice(clientId, 'INV-2026-00003');
    await system.drainJobs();
    const [mail] = await mailsTo('eve@firm.example');
    expect(mail?.to).not.toContain('all@example.com,');
    expect(mail?.text).toContain('Dear Eve');
  });

  it('shows nothing to another tenant', async () => {
    const clientId = newId(Date.now());
    await tellOfClient(clientId, [{ name: 'Own', email: 'own@firm.example' }]);
    const invoiceId = await tellOfFiledInvoice(clientId, 'INV-2026-00004');
    const [message] = await messagesOf(invoiceId);
    const stranger = system.client(MessagesServiceService, aCaller({ role: Role.BILLING_MANAGER }));
    await expect(stranger.getMessage({ messageId: message!.id })).rejects.toMatchObject({
      reason: 'MESSAGE_NOT_FOUND',
    });
    expect((await stranger.listMessages({})).messages).toEqual([]);
  });
});

describe('a mail server that refuses', () => {
  let system: ServiceUnderTest;
  let server: Server;
  let answer = '';
  const manager = aCaller({ role: Role.BILLING_MANAGER });

  beforeAll(async () => {
    // Just enough SMTP to answer as a test wants it.
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('220 test\r\n');
      socket.on('data', (data) => {
        const command = data.toString().slice(0, 4).toUpperCase();
        socket.write(command === 'EHLO' ? '250 test\r\n' : command === 'RCPT' ? `${answer}\r\n` : '250 OK\r\n');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    system = await ServiceUnderTest.start(communications, { SMTP_URL: `smtp://127.0.0.1:${port}` });
    system.peers.stub(DocumentsServiceService, { getDocument: () => ({ name: 'a.pdf' }), downloadDocument: () => [] });
    const tenant = {
      id: manager.tenantId,
      name: 'T',
      timeZone: 'UTC',
      taxId: '1',
      addressLines: [],
      email: 't@t.example',
      version: 1,
      qualificationRequirement: 1,
    };
    await system.deliver(topics.tenants, {
      tenantId: manager.tenantId,
      aggregateId: manager.tenantId,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { tenant } } },
    });
  });
  afterAll(async () => {
    await system.stop();
    server.close();
  });

  async function anInvoiceToMail(): Promise<string> {
    const clientId = newId(Date.now());
    const client = {
      id: clientId,
      code: 'C',
      name: 'F',
      kind: ClientKind.LAW_FIRM,
      addressLines: [],
      contacts: [{ id: newId(Date.now()), name: 'P', email: 'p@firm.example', purpose: ContactPurpose.BILLING }],
      version: 1,
    };
    await system.deliver(topics.clients, {
      tenantId: manager.tenantId,
      aggregateId: clientId,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { client } } },
    });
    const date = { year: 2026, month: 3, day: 1 };
    const invoice = Invoice.fromPartial({
      id: newId(Date.now()),
      clientId,
      number: 'N-1',
      billingStart: date,
      billingEnd: date,
      issuedOn: date,
      dueOn: date,
      total: { amountMinor: 1n, currencyCode: 'USD' },
      pdfDocumentId: newId(Date.now()),
      version: 1,
    });
    await system.deliver(topics.invoices, {
      tenantId: manager.tenantId,
      aggregateId: invoice.id,
      aggregateVersion: 1,
      event: { event: { $case: 'filed', value: { invoice } } },
    });
    return invoice.id;
  }

  it.each([
    ['for good', '550 no such mailbox', { status: MessageStatus.FAILED, failure: 'MAIL_REFUSED' }],
    ['for now', '451 try again later', { status: MessageStatus.QUEUED, failure: '' }],
  ])('%s', async (_case, reply, expected) => {
    answer = reply;
    const invoiceId = await anInvoiceToMail();
    await system.drainJobs();
    const { messages } = await system.client(MessagesServiceService, manager).listMessages({ invoiceId });
    expect(messages).toMatchObject([expected]);
  });
});
