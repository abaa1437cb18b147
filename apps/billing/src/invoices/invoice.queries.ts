import { DomainError } from '@paradesk/kernel';
import { insertEntities, type Tx } from '@paradesk/platform';
import { InvoiceLine } from './invoice-line.entity.js';
import { Invoice } from './invoice.entity.js';

/** The invoice with its lines. @throws DomainError not-found INVOICE_NOT_FOUND */
export async function findInvoice(tx: Tx, id: string): Promise<Invoice> {
  const invoice = await tx.findOne(Invoice, { where: { tenantId: tx.tenantId, id } });
  if (!invoice) throw DomainError.notFound('invoice', id);
  return invoice.withLines(await linesOf(tx, invoice.id));
}

/** The invoice with its lines, locked until the transaction ends. @throws DomainError not-found INVOICE_NOT_FOUND */
export async function lockInvoice(tx: Tx, id: string): Promise<Invoice> {
  const invoice = await tx.findOne(Invoice, {
    where: { tenantId: tx.tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
  if (!invoice) throw DomainError.notFound('invoice', id);
  return invoice.withLines(await linesOf(tx, invoice.id));
}

/** The invoices of payers who share, with their lines, locked until the transaction ends. */
export async function lockSplit(tx: Tx, splitId: string): Promise<Invoice[]> {
  const invoices = await tx.find(Invoice, {
    where: { tenantId: tx.tenantId, splitId },
    order: { id: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  const shares: Invoice[] = [];
  for (const invoice of invoices) shares.push(invoice.withLines(await linesOf(tx, invoice.id)));
  return shares;
}

/** The invoices and those of all who share with one of them. */
export async function withSplits(tx: Tx, invoiceIds: readonly string[]): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `select s.id from invoices i join invoices s on s.tenant_id = i.tenant_id and s.split_id = i.split_id
     where i.tenant_id = $1 and i.id = any($2::uuid[]) and i.split_id is not null`,
    [tx.tenantId, invoiceIds],
  );
  return [...new Set([...invoiceIds, ...rows.map(({ id }) => id)])];
}

/** Stores drafts with their lines, however many. */
export async function insertInvoices(tx: Tx, invoices: readonly Invoice[]): Promise<void> {
  await insertEntities(tx, Invoice, invoices);
  await insertEntities(
    tx,
    InvoiceLine,
    invoices.flatMap(({ lines }) => lines),
  );
}

/** Stores how far invoices have come and what they were issued with, by one statement. */
export async function saveIssued(tx: Tx, invoices: readonly Invoice[]): Promise<void> {
  await tx.query(
    `update invoices i set status = c.status, number = c.number, issued_on = c.issued_on, due_on = c.due_on, version = c.version
     from unnest($2::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::integer[])
       c (id, status, number, issued_on, due_on, version)
     where i.tenant_id = $1 and i.id = c.id`,
    [
      tx.tenantId,
      invoices.map(({ id }) => id),
      invoices.map(({ status }) => status),
      invoices.map(({ number }) => number),
      invoices.map(({ issuedOn }) => issuedOn?.toString() ?? null),
      invoices.map(({ dueOn }) => dueOn?.toString() ?? null),
      invoices.map(({ version }) => version),
    ],
  );
}

/** Stores what may change of an invoice: nothing else ever does. */
export async function saveInvoice(tx: Tx, invoice: Invoice): Promise<void> {
  const { number, status, issuedOn, dueOn, paidMinor, writtenOffMinor, pdfDocumentId, ledesDocumentId, version } =
    invoice;
  const change = {
    number,
    status,
    issuedOn,
    dueOn,
    paidMinor,
    writtenOffMinor,
    pdfDocumentId,
    ledesDocumentId,
    version,
  };
  await tx.update(Invoice, { tenantId: tx.tenantId, id: invoice.id }, change);
}

/** Frees the entries of a discarded invoice. */
export async function releaseLines(tx: Tx, invoice: Invoice): Promise<void> {
  await tx.update(InvoiceLine, { tenantId: tx.tenantId, invoiceId: invoice.id }, { live: false });
}

function linesOf(tx: Tx, invoiceId: string): Promise<InvoiceLine[]> {
  return tx.find(InvoiceLine, { where: { tenantId: tx.tenantId, invoiceId }, order: { position: 'ASC' } });
}
