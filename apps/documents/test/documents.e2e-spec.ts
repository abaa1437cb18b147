import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { topics } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import {
  DocumentsServiceService,
  type UploadDocumentRequest,
} from '@paradesk/contracts/paradesk/documents/v1/documents';
import { ClientKind } from '@paradesk/contracts/paradesk/identity/v1/clients';
import {
  type Assignment,
  MattersServiceService,
  PracticeArea,
} from '@paradesk/contracts/paradesk/assignment/v1/matters';
import { DomainError, newId } from '@paradesk/kernel';
import { ObjectStorage } from '@paradesk/platform';
import { aCaller, ServiceUnderTest } from '@paradesk/testing';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents } from '../src/documents.module.js';

describe('documents', () => {
  let system: ServiceUnderTest;
  const paralegal = aCaller({ role: Role.PARALEGAL });
  const clientId = newId(Date.now());
  const matterId = newId(Date.now());

  beforeAll(async () => {
    system = await ServiceUnderTest.start(documents);
    system.peers.stub(MattersServiceService, {
      getMatterState: ({ matterId: asked }) => {
        throw DomainError.notFound('matter', asked);
      },
    });
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

  async function tellOfMatter(id: string, client: string, walledPersonIds: string[] = []): Promise<void> {
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
      assignments: [assignmentOf(paralegal)],
      openedAt: undefined,
      version: 1,
    };
    const event = { event: { $case: 'opened' as const, value: { matter } }, walledPersonIds };
    await system.deliver(topics.matters, { tenantId: paralegal.tenantId, aggregateId: id, aggregateVersion: 1, event });
  }

  function assignmentOf({ personId = '' }: Caller): Assignment {
    return { id: newId(Date.now()), personId, work: 'review', taskKind: '', assignedAt: undefined, endedAt: undefined };
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
    const parts = Array.from({ length: 12 }, (_, index) => Buffer.alloc(1024 * 1024, index));
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

  describe('at rest', () => {
    const everything = () =>
      readdirSync(system.files, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const filesOf = (matter: string) => everything().filter(({ parentPath }) => parentPath.includes(matter));

    it('is encrypted, and neither content nor hash nor name stands in the storage', async () => {
      const content = Buffer.from('a settlement that nobody may read');
      const { versions } = await upload({ name: 'settlement.txt', matterId, parts: [content] });
      const stored = everything();
      expect(stored.length).toBeGreaterThan(0);
      for (const { parentPath, name } of stored) {
        expect(`${parentPath}/${name}`).not.toContain(versions[0]!.sha256);
        expect(readFileSync(join(parentPath, name)).includes('settlement')).toBe(false);
      }
    });

    it('has a key for each matter, and one of the client as a whole, wrapped', async () => {
      const second = newId(Date.now());
      await tellOfMatter(second, clientId);
      await upload({ name: 'one.txt', matterId: second });
      await upload({ name: 'two.txt' });
      const { rows } = await system.db.query<{ scope_kind: string; scope_id: string; wrapped_key: Buffer }>(
        'select scope_kind, scope_id, wrapped_key from encryption_keys where tenant_id = $1',
        [paralegal.tenantId],
      );
      const scopes = rows.map(({ scope_kind: kind, scope_id: id }) => `${kind} ${id}`);
      expect(scopes).toEqual(expect.arrayContaining([`matter ${second}`, `client ${clientId}`]));
      expect(new Set(rows.map(({ wrapped_key: key }) => key.toString('hex'))).size).toBe(rows.length);
    });

    it('leaves nothing of what is still arriving', async () => {
      const own = newId(Date.now());
      await tellOfMatter(own, clientId);
      await upload({ name: 'a.txt', matterId: own });
      await upload({ name: 'b.txt', matterId: own });
      expect(filesOf(own)).toHaveLength(1);
    });
  });

  describe('erased with its matter', () => {
    const manager = aCaller({ role: Role.OPERATIONS_MANAGER, tenantId: paralegal.tenantId });
    const erase = (matter: string, caller: Caller = manager) =>
      system
        .client(DocumentsServiceService, caller)
        .eraseMatter({ matterId: matter, reason: 'seven years have passed' });
    const filesOf = (matter: string) =>
      readdirSync(system.files, { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile() && entry.parentPath.includes(matter),
      );

    async function aMatter(): Promise<string> {
      const id = newId(Date.now());
      await tellOfMatter(id, clientId);
      return id;
    }

    it('can be read by nobody: neither by RPC nor from a copy of its object, by whoever has the master key', async () => {
      const matter = await aMatter();
      const { id } = await upload({ name: 'canary-file-name.txt', matterId: matter, parts: [Buffer.from('canary')] });
      const [copied] = filesOf(matter);
      const before = readFileSync(join(copied!.parentPath, copied!.name));
      const kept = await upload({ name: `of the client ${matter}.txt`, parts: [Buffer.from('invoice')] });

      expect(await erase(matter)).toMatchObject({ matterId: matter, documents: 1, erasedByPersonId: manager.personId });

      const scope = { tenantId: paralegal.tenantId, kind: 'matter' as const, id: matter };
      const storage = system.running.app.get(ObjectStorage);
      for (const caller of [paralegal, manager]) {
        await expect(download(id, 0, caller)).rejects.toMatchObject({ reason: 'DOCUMENT_NOT_FOUND' });
        const list = await system.client(DocumentsServiceService, caller).listDocuments({ matterId: matter });
        expect(list.documents).toEqual([]);
      }
      const hash = createHash('sha256').update('canary').digest('hex');
      await expect(storage.get(`sha256/${hash}`, scope)).rejects.toMatchObject({ reason: 'ERASED' });
      await system.drainJobs();
      expect(filesOf(matter)).toEqual([]);

      // A backup of the storage is put back: the object is there, and its key is not.
      mkdirSync(copied!.parentPath, { recursive: true });
      writeFileSync(join(copied!.parentPath, copied!.name), before);
      await expect(storage.get(`sha256/${hash}`, scope)).rejects.toMatchObject({ reason: 'ERASED' });
      expect((await download(kept.id)).content.toString()).toBe('invoice');
    });

    it('leaves no key, no row and no file name in the database, the audit trail included', async () => {
      const matter = await aMatter();
      await upload({ name: 'canary-of-erasure.txt', folder: 'canary-folder', matterId: matter });
      await erase(matter);
      const { rows } = await system.db.query<{ wrapped_key: Buffer | null; erased_at: Date }>(
        'select wrapped_key, erased_at from encryption_keys where scope_id = $1',
        [matter],
      );
      expect(rows).toEqual([{ wrapped_key: null, erased_at: expect.any(Date) }]);
      const tables = await system.db.query<{ name: string }>(
        `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables`,
      );
      for (const { name } of tables.rows) {
        const { rows: found } = await system.db.query(`select from ${name} t where t::text like '%canary-%'`);
        expect([name, found.length]).toEqual([name, 0]);
      }
      const trail = await system.db.query<{ table_name: string; role: string; person_id: string }>(
        `select table_name, role, person_id from audit.records where action like '%EraseMatter' and person_id = $1
         and row_id like $2 || '%' order by table_name`,
        [manager.personId, matter],
      );
      expect(trail.rows.map((row) => row.table_name)).toContain('erasures');
    });

    it('is erased once: the second time answers with the first, and the other services are told once', async () => {
      const matter = await aMatter();
      await upload({ name: 'a.txt', matterId: matter });
      const first = await erase(matter);
      system.clock.advance({ hours: 1 });
      expect(await erase(matter)).toEqual(first);
      const told = (await system.published(topics.erasures)).map(({ event }) => event.event?.value);
      const ofMatter = told.filter((value) => value?.matterId === matter);
      expect(ofMatter).toEqual([{ matterId: matter, erasedAt: first.erasedAt }]);
    });

    it('is as it was when the command breaks off, and erased when it comes again', async () => {
      const matter = await aMatter();
      const { id } = await upload({ name: 'a.txt', matterId: matter });
      // The last statement of the transaction fails: the key is destroyed and the rows are gone by then.
      await system.db.query(`
        create function break_off() returns trigger language plpgsql as $$ begin raise exception 'the power is gone'; end $$;
        create trigger break_off before insert on messaging.outbox for each row execute function break_off()`);
      await expect(erase(matter)).rejects.toThrow('INTERNAL');
      await system.db.query('drop function break_off cascade');
      expect((await download(id)).content.toString()).toBe('content');

      expect(await erase(matter)).toMatchObject({ documents: 1 });
      await expect(download(id)).rejects.toMatchObject({ reason: 'DOCUMENT_NOT_FOUND' });
    });

    it('loses the rest of its objects when their deletion broke off half-way', async () => {
      const matter = await aMatter();
      for (const name of ['a', 'b', 'c']) await upload({ name, matterId: matter, parts: [Buffer.from(name)] });
      await erase(matter);
      const [first] = filesOf(matter);
      rmSync(join(first!.parentPath, first!.name));
      expect(filesOf(matter)).toHaveLength(2);
      await system.drainJobs();
      expect(filesOf(matter)).toEqual([]);
    });

    it('takes nothing new', async () => {
      const matter = await aMatter();
      await erase(matter);
      await expect(upload({ name: 'late.txt', matterId: matter })).rejects.toMatchObject({ reason: 'ERASED' });
      expect(filesOf(matter)).toEqual([]);
    });

    it('is whole or not at all where uploads race with it', async () => {
      const matter = await aMatter();
      await upload({ name: 'first.txt', matterId: matter });
      const uploads = Array.from({ length: 6 }, (_, index) =>
        upload({ name: `${index}.txt`, matterId: matter, parts: [Buffer.from(`content ${index}`)] }),
      );
      const results = await Promise.allSettled([...uploads, erase(matter)]);
      const refusals = results.flatMap((result) =>
        result.status === 'rejected' ? [(result.reason as { reason: string }).reason] : [],
      );
      for (const reason of refusals) expect(['ERASED', 'MATTER_ERASED']).toContain(reason);
      const list = await system.client(DocumentsServiceService, paralegal).listDocuments({ matterId: matter });
      expect(list.documents).toEqual([]);
    });

    it.each([
      ['another role', aCaller({ role: Role.BILLING_MANAGER, tenantId: paralegal.tenantId }), 'ROLE_NOT_ALLOWED'],
      ['a paralegal', paralegal, 'ROLE_NOT_ALLOWED'],
      ['a manager of another tenant', aCaller({ role: Role.OPERATIONS_MANAGER }), 'MATTER_NOT_FOUND'],
    ])('is not erased by %s', async (_name, caller, reason) => {
      const matter = await aMatter();
      const { id } = await upload({ name: 'kept.txt', matterId: matter });
      await expect(erase(matter, caller)).rejects.toMatchObject({ reason });
      expect((await download(id)).content.toString()).toBe('content');
    });

    it('is not erased by a manager who is walled from it, and the answer is the one for no matter', async () => {
      const matter = newId(Date.now());
      await tellOfMatter(matter, clientId, [manager.personId!]);
      const { id } = await upload({ name: 'kept.txt', matterId: matter });
      await expect(erase(matter)).rejects.toMatchObject({ reason: 'MATTER_NOT_FOUND' });
      expect((await download(id)).content.toString()).toBe('content');
    });

    it('says why, or is not erased', async () => {
      const matter = await aMatter();
      const call = system.client(DocumentsServiceService, manager).eraseMatter({ matterId: matter, reason: '' });
      await expect(call).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    });
  });

  it('never changes a version, whoever asks the database to', async () => {
    const { id } = await upload({ name: 'fixed.txt' });
    await expect(
      system.db.query('update document_versions set sha256 = repeat($1, 64) where document_id = $2', ['0', id]),
    ).rejects.toThrow('never change');
  });
});
