import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { registry, rpcs } from '@paradesk/contracts';
import { DomainError } from '@paradesk/kernel';
import { GatewayUnderTest, UUID } from './gateway-under-test.js';

const MIB = 1024 * 1024;
const piece = Buffer.alloc(64 * 1024, 'x');
const upload = rpcs().find(({ method }) => method === 'UploadDocument')?.descriptor.input;
let system: GatewayUnderTest;
beforeAll(async () => {
  system = await GatewayUnderTest.start();
});
afterAll(() => system.stop());

async function* bytes(mib: number): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < mib * MIB; sent += piece.length) yield piece;
}

function uploadOf(body: RequestInit['body'] | AsyncIterable<Buffer>): RequestInit & { duplex: 'half' } {
  return {
    method: 'POST',
    body: body as RequestInit['body'],
    duplex: 'half',
    headers: { 'content-type': 'application/pdf' },
  };
}

const path = `/v1/documents?clientId=${UUID}&name=a.pdf`;

describe('A file that is streamed in', () => {
  it('arrives whole in pieces of 64 KiB, its fields and content type in the first message only', async () => {
    const messages: Record<string, unknown>[] = [];
    let size = 0;
    system.stubs.onUpload('UploadDocument', async (stream) => {
      for await (const message of stream) {
        const decoded = toJson(upload!, fromBinary(upload!, message), { registry: registry() }) as {
          file: { data: string };
        };
        size += Buffer.from(decoded.file.data, 'base64').length;
        messages.push({ ...decoded, file: { ...decoded.file, data: Buffer.from(decoded.file.data, 'base64').length } });
      }
      return { id: UUID };
    });
    const answer = await system.send(path, uploadOf(Buffer.alloc(150_000, 1)));
    expect([answer.status, answer.body.id, size]).toEqual([200, UUID, 150_000]);
    expect(messages).toEqual([
      { clientId: UUID, name: 'a.pdf', file: { contentType: 'application/pdf', data: 65_536 } },
      { file: { data: 65_536 } },
      { file: { data: 18_928 } },
    ]);
  });

  it('may be empty', async () => {
    let count = 0;
    system.stubs.onUpload('UploadDocument', async (stream) => {
      for await (const _ of stream) count++;
      return { id: UUID };
    });
    expect((await system.send(path, uploadOf(''))).status).toBe(200);
    expect(count).toBe(1);
  });

  it('is never held: a service that takes its time slows the client down', async () => {
    let sent = 0;
    let taken = 0;
    let ahead = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const part of bytes(96)) {
        sent += part.length;
        yield part;
      }
    }
    system.stubs.onUpload('UploadDocument', async (stream) => {
      for await (const message of stream) {
        taken += message.length;
        if (taken < 4 * MIB) await new Promise((resolve) => setTimeout(resolve, 10));
        ahead = Math.max(ahead, sent - taken);
      }
      return { id: UUID };
    });
    expect((await system.send(path, uploadOf(counted()))).status).toBe(200);
    expect(taken).toBeGreaterThanOrEqual(96 * MIB);
    expect(ahead).toBeLessThan(24 * MIB);
  });

  it('is refused with the reason of the service while it is still coming, and the connection goes on', async () => {
    system.stubs.onUpload('UploadDocument', async (stream) => {
      for await (const _ of stream) break;
      throw DomainError.notFound('client', UUID);
    });
    const answer = await system.send(path, uploadOf(Buffer.alloc(3 * MIB)));
    expect([answer.status, answer.body.reason]).toEqual([404, 'CLIENT_NOT_FOUND']);
    expect((await system.send('/health')).status).toBe(200);
  });
});

describe('A file that is streamed out', () => {
  const content = `/v1/documents/${UUID}/content`;

  it('comes with its content type, byte for byte', async () => {
    system.stubs.onDownload('DownloadDocument', async function* () {
      yield { contentType: 'application/pdf', data: Buffer.from('first ').toString('base64') };
      yield { contentType: '', data: Buffer.from('second').toString('base64') };
    });
    const response = await system.fetch(content);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/pdf',
      'first second',
    ]);
  });

  it('is a problem where the service refuses before the first byte', async () => {
    system.stubs.onDownload('DownloadDocument', async function* () {
      if (content) throw DomainError.notFound('document', UUID);
      yield {};
    });
    const answer = await system.send(content);
    expect([answer.status, answer.body.reason]).toEqual([404, 'DOCUMENT_NOT_FOUND']);
  });

  it('is never held: a client that takes its time slows the service down, and one that leaves ends the call', async () => {
    let given = 0;
    let ended = false;
    system.stubs.onDownload('DownloadDocument', async function* () {
      try {
        for (; given < 256 * MIB; given += piece.length)
          yield { contentType: 'text/plain', data: piece.toString('base64') };
      } finally {
        ended = true;
      }
    });
    const response = await system.fetch(content);
    const reader = response.body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(given).toBeLessThan(48 * MIB);
    await reader.cancel();
    for (let waited = 0; !ended && waited < 100; waited++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(true);
  });

  it('breaks off where the service breaks down in the middle, rather than end as if it were whole', async () => {
    system.stubs.onDownload('DownloadDocument', async function* () {
      yield { contentType: 'text/plain', data: 'YQ==' };
      throw new Error('disk gone');
    });
    await expect(system.fetch(content).then((response) => response.text())).rejects.toThrow();
  });
});
