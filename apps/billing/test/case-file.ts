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
  /** Ending of a name whose next upload fails, as with a service that is down. */
  failsOnce: string | undefined;

  constructor(system: ServiceUnderTest) {
    // The stubs of libs/testing answer unary calls only; this adds the one streamed call to the same server.
    const server = (system.peers as unknown as { server: Server }).server;
    const { uploadDocument } = DocumentsServiceService;
    server.addService({ uploadDocument } as never, { uploadDocument: this.upload.bind(this) } as never);
  }

  /** All uploads of a client under that name. */
  named(clientId: string, name: string): FiledFile[] {
    return this.uploads.filter((upload) => upload.clientId === clientId && upload.name === name);
  }

  private upload(call: ServerReadableStream<Part, Document>, callback: sendUnaryData<Document>): void {
    const parts: Part[] = [];
    call.on('data', (part: Part) => parts.push(part));
    call.on('end', () => {
      const [first] = parts;
      if (!first?.file) return callback({ code: 3, details: 'no file' });
      if (this.failsOnce && first.name.endsWith(this.failsOnce)) {
        this.failsOnce = undefined;
        return callback({ code: 14, details: 'down' });
      }
      const { clientId, matterId, folder, name, file } = first;
      const documentId = this.named(clientId, name)[0]?.documentId ?? newId(Date.now());
      const bytes = Buffer.concat(parts.map((part) => part.file?.data ?? Buffer.alloc(0)));
      this.uploads.push({ documentId, clientId, matterId, folder, name, contentType: file.contentType, bytes });
      callback(null, { id: documentId, clientId, matterId, folder, name, versions: [] });
    });
  }
}
