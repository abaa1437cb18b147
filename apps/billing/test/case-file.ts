import type { Server, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import { DocumentsServiceService, type Document } from '@paradesk/contracts/paradesk/documents/v1/documents';
import { newId } from '@paradesk/kernel';
import type { ServiceUnderTest } from '@paradesk/testing';

/** A file that was uploaded. */
export interface FiledFile {
  readonly documentId: string;
  readonly clientId: string;
  readonly matterId: string;
  readonly folder: string;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

type Part = Parameters<(typeof DocumentsServiceService)['uploadDocument']['requestSerialize']>[0];

/** Stands for the documents service: keeps what is uploaded, one document for a name, as the real one does. */
export class CaseFile {
  /** Every upload, in order; one document may have several. */
  readonly uploads: FiledFile[] = [];
  /** Makes the next uploads fail as a service that is down does. */
  failures = 0;

  constructor(system: ServiceUnderTest) {
    // The stubs of libs/testing answer unary calls only; this adds the one streamed call to the same server.
    const server = (system.peers as unknown as { server: Server }).server;
    const { uploadDocument } = DocumentsServiceService;
    server.addService({ uploadDocument } as never, { uploadDocument: this.upload.bind(this) } as never);
  }

  /** The latest upload of that name. */
  named(name: string): FiledFile {
    const file = this.uploads.findLast((upload) => upload.name === name);
    if (!file) throw new Error(`${name} was not filed`);
    return file;
  }

  private upload(call: ServerReadableStream<Part, Document>, callback: sendUnaryData<Document>): void {
    const parts: Part[] = [];
    call.on('data', (part: Part) => parts.push(part));
    call.on('end', () => {
      if (this.failures-- > 0) return callback({ code: 14, details: 'down' });
      const [first] = parts;
      if (!first?.file) return callback({ code: 3, details: 'no file' });
      const { clientId, matterId, folder, name, file } = first;
      const documentId = this.uploads.find((upload) => upload.name === name)?.documentId ?? newId(Date.now());
      const bytes = Buffer.concat(parts.map((part) => part.file?.data ?? Buffer.alloc(0)));
      this.uploads.push({ documentId, clientId, matterId, folder, name, contentType: file.contentType, bytes });
      callback(null, { id: documentId, clientId, matterId, folder, name, versions: [] });
    });
  }
}
