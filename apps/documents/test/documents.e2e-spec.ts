import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  DocumentsServiceService,
  type UploadDocumentRequest,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import { ClientKind } from '@paradesk/contracts/paradesk/identity/v1/clients';
import { PracticeArea } from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { newId } from '@paradesk/kernel';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { createHash } from 'node:crypto';
import { documents } from '../src/documents.module.js';

describe('documents', () => {
  let system: ServiceUnderTest;
  const paralegal = aCaller({ role: Role.PARALEGAL });
  const clientId = newId(Date.now());
  const matterId = newId(Date.now());

  beforeAll(async () => {
    system = await ServiceUnderTest.start(documents);
    await tellOfClient(clientId);
    await tellOfMatter(matterId, clientId);
  });
  afterAll(() => system.stop());

  async function tellOfClient(id: string, { tenantId }: Caller = paralegal): Promise<void> {
    const client = {
      id,
      code: 'C',
      name: 'Firm',
      kind: ClientKind.LAW_FIRM,
      addressLines: [],
      contacts: [],
      version: 1,
    };
    await system.deliver(topics.clients, {
      tenantId,
      aggregateId: id,
      aggregateVersion: 1,
      event: { event: { $case: 'created', value: { client } } },
    });
  }

  async function tellOfMatter(id: string, client: string): Promise<void> {
    const matter = {
      id,
      clientId: client,
      code: 'M',
      clientMatterCode: '',
      name: 'Matter',
      practiceArea: PracticeArea.PROBATE,
      jurisdiction: '',
      instructions: '',
      parties: [],
      supervisingAttorneyId: newId(Date.now()),
      assignments: [],
      openedAt: undefined,
      version: 1,
    };
    const event = { event: { $case: 'opened' as const, value: { matter } } };
    await system.deliver(topics.matters, { tenantId: paralegal.tenantId, aggregateId: id, aggregateVersion: 1, event });
  }

  interface Upload {
    readonly name: string;
    readonly parts?: readonly Buffer[];
    readonly clientId?: string;
    readonly matterId?: string;
    readonly folder?: string;
    readonly contentType?: string;
  }

  function upload(
    { parts = [Buffer.from('content')], contentType = 'text/plain', ...place }: Upload,
    caller: Caller = paralegal,
  ) {
    async function* messages(): AsyncIterable<Partial<UploadDocumentRequest>> {
      const [first = Buffer.alloc(0), ...more] = parts;
      yield { clientId, matterId: '', folder: '', ...place, file: { contentType, data: first, extensions: [] } };
      for (const data of more) yield { file: { contentType: '', data, extensions: [] } };
    }
    return system.client(DocumentsServiceService, caller).uploadDocument(messages());
  }

  async function download(
    documentId: string,
    version = 0,
    caller: Caller = paralegal,
  ): Promise<{ type: string; content: Buffer }> {
    const parts: Buffer[] = [];
    let type = '';
    for await (const part of system.client(DocumentsServiceService, caller).downloadDocument({ documentId, version })) {
      type ||= part.contentType;
      parts.push(part.data);
    }
    return { type, content: Buffer.concat(parts) };
  }

  it('keeps a file under client and matter with the hash of its content, and gives it back', async () => {
    const content = Buffer.from('Dear counsel,');
    const document = await upload({
      name: 'letter.txt',
      matterId,
      folder: 'correspondence',
      parts: [content.subarray(0, 5), content.subarray(5)],
    });

    expect(document).toMatchObject({ clientId, matterId, folder: 'correspondence', name: 'letter.txt' });
    expect(document.versions).toHaveLength(1);
    expect(document.versions[0]).toMatchObject({
      number: 1,
      sha256: createHash('sha256').update(content).digest('hex'),
      sizeBytes: 13n,
      mediaType: 'text/plain',
      storedByPersonId: paralegal.personId,
    });
    expect(await download(document.id)).toEqual({ type: 'text/plain', content });
  });

  it('makes a version of other content, and none of the same content', async () => {
    const first = await upload({ name: 'draft.txt', parts: [Buffer.from('one')] });
    const again = await upload({ name: 'draft.txt', parts: [Buffer.from('one')] });
    const second = await upload({ name: 'draft.txt', parts: [Buffer.from('two')] });

    expect([again.id, second.id]).toEqual([first.id, first.id]);
    expect(again.versions.map((version) => version.number)).toEqual([1]);
    expect(second.versions.map((version) => version.number)).toEqual([2, 1]);
    expect((await download(first.id, 1)).content.toString()).toBe('one');
    expect((await download(first.id)).content.toString()).toBe('two');
  });

  it('numbers the versions of racing uploads without a gap', async () => {
    const contents = ['a', 'b', 'c', 'd'].map((text) => Buffer.from(text));
    const results = await Promise.all(contents.map((content) => upload({ name: 'race.txt', parts: [content] })));
    const { versions } = await system
      .client(DocumentsServiceService, paralegal)
      .getDocument({ documentId: results[0]!.id });
    expect(versions.map((version) => version.number)).toEqual([4, 3, 2, 1]);
  });

  it('streams a file larger than a message', async () => {
    const parts = Array.from({ length: 40 }, (_, index) => Buffer.alloc(1024 * 1024, index));
    const { id } = await upload({ name: 'large.bin', parts, contentType: 'application/octet-stream' });
    const { content } = await download(id);
    expect(content.equals(Buffer.concat(parts))).toBe(true);
  });

  it('gives an empty file back with its type', async () => {
    const { id } = await upload({ name: 'empty.pdf', parts: [], contentType: 'application/pdf' });
    expect(await download(id)).toEqual({ type: 'application/pdf', content: Buffer.alloc(0) });
  });

  it.each([
    ['a name with a slash', { name: '../secret.txt' }, 'FILE_NAME'],
    ['no name', { name: '' }, 'INVALID_ARGUMENT'],
    ['a folder that climbs', { name: 'a.txt', folder: '../other' }, 'FOLDER'],
    ['a client that nobody knows', { name: 'a.txt', clientId: newId(1) }, 'CLIENT_NOT_FOUND'],
    ['a matter that nobody knows', { name: 'a.txt', matterId: newId(1) }, 'MATTER_NOT_FOUND'],
  ])('refuses %s', async (_case, place, reason) => {
    await expect(upload(place)).rejects.toMatchObject({ reason });
  });

  it('refuses a matter of another client', async () => {
    const other = newId(Date.now());
    await tellOfClient(other);
    await expect(upload({ name: 'a.txt', clientId: other, matterId })).rejects.toMatchObject({
      reason: 'NOT_THE_CLIENTS_MATTER',
    });
  });

  it('shows nothing to another tenant, not even that the same content is known', async () => {
    const { id } = await upload({ name: 'private.txt', parts: [Buffer.from('private')] });
    const stranger = aCaller({ role: Role.PARALEGAL });
    const theirs = newId(Date.now());
    await tellOfClient(theirs, stranger);

    await expect(
      system.client(DocumentsServiceService, stranger).getDocument({ documentId: id }),
    ).rejects.toMatchObject({ reason: 'DOCUMENT_NOT_FOUND' });
    await expect(download(id, 0, stranger)).rejects.toMatchObject({ reason: 'DOCUMENT_NOT_FOUND' });
    expect((await system.client(DocumentsServiceService, stranger).listDocuments({ clientId })).documents).toEqual([]);
    const copy = await upload({ name: 'private.txt', clientId: theirs, parts: [Buffer.from('private')] }, stranger);
    expect((await download(copy.id, 0, stranger)).content.toString()).toBe('private');
  });

  it('lists page by page, by folder and name', async () => {
    const owner = newId(Date.now());
    await tellOfClient(owner);
    for (const [folder, name] of [
      ['b', '1'],
      ['a', '2'],
      ['a', '1'],
      ['', 'z'],
      ['c', '0'],
    ] as const)
      await upload({ clientId: owner, folder, name });
    const seen: string[] = [];
    let token = '';
    do {
      const list = await system
        .client(DocumentsServiceService, paralegal)
        .listDocuments({ clientId: owner, page: { size: 2, token } });
      seen.push(...list.documents.map((document) => `${document.folder}/${document.name}`));
      token = list.page?.nextToken ?? '';
    } while (token !== '');
    expect(seen).toEqual(['/z', 'a/1', 'a/2', 'b/1', 'c/0']);
  });

  it('never changes a version, whoever asks the database to', async () => {
    const { id } = await upload({ name: 'fixed.txt' });
    await expect(
      system.db.query('update document_versions set sha256 = repeat($1, 64) where document_id = $2', ['0', id]),
    ).rejects.toThrow('never change');
  });
});
