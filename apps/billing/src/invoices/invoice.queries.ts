import { DomainError } from '@paradesk/kernel';
import { bulkInsert, type Tx } from '@paradesk/platform';
import { Invoice, InvoiceLine } from './invoice.entity.js';

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

/** Stores a draft with its lines, however many. */
export async function insertInvoice(tx: Tx, invoice: Invoice): Promise<void> {
  await tx.insert(Invoice, invoice);
  const { tableName, columns } = tx.connection.getMetadata(InvoiceLine);
  const types = Object.fromEntries(columns.map((column) => [column.databaseName, String(column.type)]));
  const rows = invoice.lines.map((line) =>
    Object.fromEntries(columns.map((column) => [column.databaseName, column.getEntityValue(line, true) as unknown])),
  );
  await bulkInsert(tx, tableName, types, rows);
}

/** Stores what may change of an invoice: nothing else ever does. */
export async function saveInvoice(tx: Tx, invoice: Invoice): Promise<void> {
  const { number, status, issuedOn, dueOn, paidMinor, pdfDocumentId, ledesDocumentId, version } = invoice;
  const change = { number, status, issuedOn, dueOn, paidMinor, pdfDocumentId, ledesDocumentId, version };
  await tx.update(Invoice, { tenantId: tx.tenantId, id: invoice.id }, change);
}

/** Frees the entries of a discarded invoice. */
export async function releaseLines(tx: Tx, invoice: Invoice): Promise<void> {
  await tx.update(InvoiceLine, { tenantId: tx.tenantId, invoiceId: invoice.id }, { live: false });
}

function linesOf(tx: Tx, invoiceId: string): Promise<InvoiceLine[]> {
  return tx.find(InvoiceLine, { where: { tenantId: tx.tenantId, invoiceId }, order: { position: 'ASC' } });
}
