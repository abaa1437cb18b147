import { Injectable } from '@nestjs/common';
import {
  DocumentsServiceService,
  type Document,
  type UploadDocumentRequest,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import { DomainError } from '@paradesk/kernel';
import { Database, Jobs, Logger, Peers, type TenantScope, type Tx } from '@paradesk/platform';
import { In } from 'typeorm';
import { Client } from '../clients/client.entity.js';
import { writeLedes1998b } from '../ledes/ledes-1998b-writer.js';
import { Matter } from '../matters/matter.entity.js';
import { Person } from '../people/person.entity.js';
import { Tenant } from '../tenants/tenant.entity.js';
import { fileInvoice, InvoiceAnnouncements } from './invoice-announcements.js';
import type { InvoiceContent } from './invoice-content.js';
import { toLedes } from './invoice-ledes.js';
import { renderInvoicePdf } from './invoice-pdf.js';
import { toPrint } from './invoice-print.js';
import { findInvoice, lockInvoice, saveInvoice } from './invoice.queries.js';

const CHUNK_BYTES = 256 * 1024;
const UPLOAD_TIMEOUT_MS = 30_000;

interface File {
  readonly extension: 'pdf' | 'txt';
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Puts the PDF and the LEDES file of issued invoices into the case file. Done twice it has one effect: the same bytes under the same names. */
@Injectable()
export class InvoiceFilesService {
  constructor(
    private readonly database: Database,
    private readonly peers: Peers,
    private readonly announcements: InvoiceAnnouncements,
    private readonly logger: Logger,
    jobs: Jobs,
  ) {
    jobs.handle(fileInvoice, ({ invoiceId }, { tenantId }) => this.file({ tenantId }, invoiceId));
  }

  private async file(scope: TenantScope, invoiceId: string): Promise<void> {
    const content = await this.database.transaction(scope, (tx) => contentOf(tx, invoiceId));
    if (content.invoice.pdfDocumentId !== null) return;
    const text = this.ledesOf(content);
    const ledes = text === undefined ? undefined : { name: `${content.issue.number}.txt`, text };
    const bytes = renderInvoicePdf({ ...toPrint(content), ledes });
    const pdf = await this.upload(scope, content, { extension: 'pdf', contentType: 'application/pdf', bytes });
    const ledesDocumentId = text === undefined ? null : (await this.upload(scope, content, ledesFile(text))).id;
    await this.database.transaction(scope, async (tx) => {
      const invoice = await lockInvoice(tx, invoiceId);
      if (!invoice.file({ pdfDocumentId: pdf.id, ledesDocumentId })) return;
      await saveInvoice(tx, invoice);
      await this.announcements.filed(tx, invoice);
    });
  }

  // An invoice that no vendor would take (its client has no code for the matter, say) is sent as a PDF: it is issued, and waiting
  // for a LEDES file that cannot be written would keep it from the client.
  private ledesOf(content: InvoiceContent): string | undefined {
    try {
      return writeLedes1998b([toLedes(content)]);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const rules = error.violations
        .slice(0, 20)
        .map(({ field, description }) => `${field} ${description.slice(0, 3)}`);
      const { id: invoiceId, tenantId } = content.invoice;
      this.logger.warn({ invoiceId, tenantId, reason: error.reason, rules }, 'an invoice has no LEDES file');
      return undefined;
    }
  }

  private upload(scope: TenantScope, content: InvoiceContent, file: File): Promise<Document> {
    const documents = this.peers.client('documents', DocumentsServiceService);
    return documents.uploadDocument(partsOf(content, file), { ...scope, timeoutMs: UPLOAD_TIMEOUT_MS });
  }
}

function ledesFile(text: string): File {
  return { extension: 'txt', contentType: 'text/plain', bytes: Buffer.from(text, 'latin1') };
}

async function contentOf(tx: Tx, invoiceId: string): Promise<InvoiceContent> {
  const { tenantId } = tx;
  const invoice = await findInvoice(tx, invoiceId);
  const { number, issuedOn, dueOn, lines, clientId } = invoice;
  if (number === null || !issuedOn || !dueOn) throw new Error(`invoice ${invoiceId} was not issued`);
  const matterIds = [...new Set(lines.map((line) => line.matterId))];
  const personIds = [...new Set(lines.flatMap((line) => line.personId ?? []))];
  return {
    invoice,
    issue: { number, issuedOn, dueOn },
    tenant: await tx.findOneByOrFail(Tenant, { tenantId }),
    client: await tx.findOneByOrFail(Client, { tenantId, id: clientId }),
    matters: await tx.find(Matter, { where: { tenantId, id: In(matterIds) }, order: { code: 'ASC', id: 'ASC' } }),
    people: await tx.find(Person, { where: { tenantId, id: In(personIds) } }),
  };
}

async function* partsOf({ invoice, issue, matters }: InvoiceContent, file: File): AsyncIterable<UploadDocumentRequest> {
  const [matter, ...others] = matters;
  const fields = {
    clientId: invoice.clientId,
    // On several matters it belongs to the client as a whole.
    matterId: matter && others.length === 0 ? matter.id : '',
    matterIds: [...invoice.matterIds],
    folder: 'invoices',
    name: `${issue.number}.${file.extension}`,
  };
  for (let start = 0; start < file.bytes.byteLength; start += CHUNK_BYTES) {
    const data = Buffer.from(file.bytes.subarray(start, start + CHUNK_BYTES));
    yield { ...fields, file: { contentType: file.contentType, data, extensions: [] } };
  }
}
