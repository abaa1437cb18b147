import {
  Client,
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  setLogVerbosity,
  status as Status,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import { Document, DocumentsServiceService } from '@paradesk/contracts/paradesk/documents/v1/documents';
import {
  ApiKeysServiceService,
  CreateApiKeyRequest,
  CreatedApiKey,
} from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { DomainError, type DomainErrorKind, newId } from '@paradesk/kernel';
import fc from 'fast-check';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { Database } from '../src/database/database.js';
import { isolateByTenant } from '../src/database/row-level-security.js';
import { callerOf } from '../src/grpc/call-scope.js';
import { Peers, rpcAt } from '../src/grpc/peers.js';
import { RawChannel } from '../src/grpc/raw-channel.js';
import { toStatus } from '../src/grpc/status.js';
import { PlatformDatabase } from './platform-database.js';
import {
  ApiKeysController,
  behaviour,
  defaults,
  DocumentsController,
  refusalOf,
  ServedApp,
  SigningKey,
} from './served-app.js';

class CreateEffects1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table effects (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id))');
    await isolateByTenant(runner, 'effects');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table effects');
  }
}

const documentId = newId(Date.now());
const getDocument = '/paradesk.documents.v1.DocumentsService/GetDocument';
const listDocuments = '/paradesk.documents.v1.DocumentsService/ListDocuments';
const uploadDocument = '/paradesk.documents.v1.DocumentsService/UploadDocument';
const downloadDocument = '/paradesk.documents.v1.DocumentsService/DownloadDocument';
const MEGABYTE = 1024 * 1024;
const same = (bytes: Buffer) => bytes;

let app: ServedApp;
const documents = () => app.client(DocumentsServiceService);
const apiKeys = () => app.client(ApiKeysServiceService);

beforeAll(async () => {
  setLogVerbosity(logVerbosity.NONE);
  app = await ServedApp.start();
});

afterAll(() => app.stop());

beforeEach(() => {
  Object.assign(behaviour, defaults);
  app.failures.length = 0;
});

describe('the start', () => {
  @Controller()
  class WithoutListing {
    @GrpcStreamMethod('DocumentsService', 'uploadDocument')
    uploadDocument() {
      return Document.fromPartial({});
    }

    @GrpcMethod('DocumentsService', 'getDocument')
    getDocument() {
      return Document.fromPartial({});
    }

    @GrpcMethod('DocumentsService', 'downloadDocument')
    async *downloadDocument(): AsyncIterable<HttpBody> {
      // nothing to download
    }
  }

  it('is stopped by an RPC without a handler, and names it', async () => {
    const controllers: Type[] = [WithoutListing];
    await expect(ServedApp.start({ controllers, services: [DocumentsServiceService] })).rejects.toThrow(
      `${listDocuments} has no handler`,
    );
  });

  it('is stopped by a service that no controller serves', async () => {
    await expect(ServedApp.start({ controllers: [ApiKeysController] })).rejects.toThrow(
      `${uploadDocument} has no handler`,
    );
  });

  it.each([
    ['without a rule', undefined],
    [
      'whose rule states no class',
      { taskClass: TaskClass.UNSPECIFIED, roles: [Role.OPERATIONS_MANAGER], public: false },
    ],
  ])('is stopped by an RPC %s, and names it', async (_name, rule) => {
    const rpc = rpcAt(listDocuments) as { rule: unknown };
    const stated = rpc.rule;
    rpc.rule = rule;
    try {
      await expect(ServedApp.start()).rejects.toThrow(
        `${listDocuments} states no rule: nobody may call it, so it is not served`,
      );
    } finally {
      rpc.rule = stated;
    }
  });

  it('is stopped by a service that the contracts do not have', async () => {
    const path = '/paradesk.documents.v1.DocumentsService/ShredDocument';
    const services = [{ shredDocument: { ...DocumentsServiceService.getDocument, path } }];
    await expect(ServedApp.start({ services })).rejects.toThrow(`the contracts have no RPC ${path}`);
  });

  it('is stopped by an address that is taken, in one line', async () => {
    await expect(ServedApp.start({ address: app.address })).rejects.toThrow(
      `gRPC cannot listen on ${app.address} (EADDRINUSE): free it, or correct GRPC_ADDRESS`,
    );
  });
});

describe('who calls', () => {
  it('reaches the controller with role and tenant', async () => {
    let caller: unknown;
    behaviour.getDocument = async (_request, metadata) => {
      caller = callerOf(metadata);
      return Document.fromPartial({});
    };
    const token = await app.token({ role: 'SERVICE', sub: 'billing' });
    await documents().getDocument({ documentId }, { authorization: `bearer ${token}` });
    expect(caller).toEqual({
      tenantId: '01890a5d-ac96-774b-bcce-b302099a8058',
      role: Role.SERVICE,
      service: 'billing',
    });
  });

  it.each<[string, () => Promise<string | undefined>, string]>([
    ['no token', async () => undefined, 'TOKEN_MISSING'],
    ['a scheme of another kind', async () => 'Basic YWRhOmFkYQ==', 'TOKEN_MISSING'],
    ['a token without its scheme', () => app.token(), 'TOKEN_MISSING'],
    ['an empty token', async () => 'Bearer ', 'TOKEN_MISSING'],
    ['garbage', async () => 'Bearer garbage', 'TOKEN_INVALID'],
    [
      'a token that has expired',
      async () => `Bearer ${await app.token({ iat: app.clock.seconds - 300, exp: app.clock.seconds - 180 })}`,
      'TOKEN_EXPIRED',
    ],
    ['a token for another service', async () => `Bearer ${await app.token({ aud: 'billing' })}`, 'TOKEN_INVALID'],
    [
      'a token of a stranger',
      async () => `Bearer ${await (await SigningKey.make('test')).sign(app.clock)}`,
      'TOKEN_INVALID',
    ],
  ])('with %s is refused before anything else, on every kind of RPC', async (_name, make, reason) => {
    const authorization = await make();
    let reached = false;
    const reach = () => {
      reached = true;
      throw new Error('the controller was reached');
    };
    Object.assign(behaviour, { getDocument: reach, uploadDocument: reach, downloadDocument: reach });
    // The token comes before the field rules: who may not call learns nothing of the fields.
    for (const call of [
      () => documents().getDocument({ documentId: 'no UUID' }, { authorization }),
      () => documents().uploadDocument(from({ clientId: 'no UUID' }), { authorization }),
      () => all(documents().downloadDocument({ documentId: 'no UUID' }, { authorization })),
    ]) {
      const refusal = await refusalOf(call());
      expect(refusal).toMatchObject({ name: 'DomainError', kind: 'unauthenticated', violations: [] });
      expect((refusal as DomainError).reason).toBe(reason);
    }
    expect(reached).toBe(false);
    expect(app.failures).toEqual([]);
  });

  it('with a role that the rule does not name is refused, before the fields are looked at', async () => {
    const authorization = `Bearer ${await app.token({ role: 'VIRTUAL_ASSISTANT' })}`;
    const refusal = await refusalOf(apiKeys().createApiKey({ personId: 'no UUID' }, { authorization }));
    expect(refusal).toMatchObject({ kind: 'forbidden', reason: 'ROLE_NOT_ALLOWED', violations: [] });
  });
});

describe('a request', () => {
  it('that breaks field rules is refused with each field, and reaches no controller', async () => {
    let reached = false;
    behaviour.createApiKey = async () => {
      reached = true;
      return CreatedApiKey.fromPartial({});
    };
    const refusal = await refusalOf(apiKeys().createApiKey({ personId: 'ada', name: ' ' }));
    expect(refusal).toMatchObject({
      kind: 'invalid',
      reason: 'INVALID_ARGUMENT',
      violations: [
        { field: 'personId', description: 'must be a UUID' },
        { field: 'name', description: 'must not be blank' },
      ],
    });
    expect(reached).toBe(false);
  });

  it.each<[string, (bytes: Buffer) => Promise<unknown>]>([
    ['an RPC', async (bytes) => app.channel().unary(getDocument, bytes, await app.prepare())],
    [
      'an RPC that streams its answer',
      async (bytes) => all(app.channel().serverStream(downloadDocument, bytes, await app.prepare())),
    ],
    [
      'an RPC that takes a stream',
      async (bytes) => app.channel().clientStream(uploadDocument, from(bytes), await app.prepare()),
    ],
  ])('to %s that is no message is refused as bad input', async (_name, call) => {
    for (const bytes of [Buffer.from([0xff]), Buffer.from([0x0a, 0x7f, 0x61]), Buffer.alloc(100, 0xff)]) {
      expect(await refusalOf(call(bytes))).toMatchObject({ kind: 'invalid', reason: 'NOT_A_MESSAGE' });
    }
    expect(app.failures).toEqual([]);
  });

  it('of any bytes is answered or refused as bad input, and never breaks anything', async () => {
    const channel = app.channel();
    const call = await app.prepare();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(getDocument, listDocuments),
        fc.uint8Array({ maxLength: 60 }),
        async (path, bytes) => {
          const outcome = await channel.unary(path, Buffer.from(bytes), call).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'DomainError', kind: 'invalid' });
        },
      ),
      { numRuns: 200 },
    );
    expect(app.failures).toEqual([]);
  });

  it('above 16 MB is refused by our client, clearly', async () => {
    const tooLarge = app.channel().unary(getDocument, Buffer.alloc(17 * MEGABYTE), await app.prepare());
    expect(await refusalOf(tooLarge)).toMatchObject({ kind: 'exhausted', reason: 'MESSAGE_TOO_LARGE' });
  });

  it('above 16 MB is refused by the server, clearly, and the next one is served', async () => {
    const wire = app.wire();
    const refusal = await wireUnary(wire, getDocument, Buffer.alloc(17 * MEGABYTE));
    expect(refusal.code).toBe(Status.RESOURCE_EXHAUSTED);
    expect(app.failures).toEqual([]);
    expect(await documents().getDocument({ documentId })).toMatchObject({ id: documentId });
  });

  it('whose answer is above 16 MB is refused, clearly', async () => {
    behaviour.getDocument = async () => Document.fromPartial({ name: 'x'.repeat(17 * MEGABYTE) });
    const refusal = await refusalOf(documents().getDocument({ documentId }));
    expect(refusal).toMatchObject({ kind: 'exhausted', reason: 'MESSAGE_TOO_LARGE' });
  });

  it('of almost 16 MB is served', async () => {
    const bytes = 16 * MEGABYTE - 1000;
    const file = { contentType: 'text/plain', data: Buffer.alloc(bytes), extensions: [] };
    const stored = await documents().uploadDocument(from({ clientId: documentId, name: 'large.txt', file }));
    expect(stored.name).toBe(`${bytes} bytes`);
  });

  it('for what there is not is refused as such', async () => {
    const refusal = await wireUnary(
      app.wire(),
      '/paradesk.documents.v1.DocumentsService/ShredDocument',
      Buffer.alloc(0),
    );
    expect(refusal.code).toBe(Status.UNIMPLEMENTED);
  });
});

describe('a refusal', () => {
  const kinds: readonly [DomainErrorKind, Status][] = [
    ['invalid', Status.INVALID_ARGUMENT],
    ['unauthenticated', Status.UNAUTHENTICATED],
    ['forbidden', Status.PERMISSION_DENIED],
    ['not-found', Status.NOT_FOUND],
    ['conflict', Status.ABORTED],
    ['refused', Status.FAILED_PRECONDITION],
    ['exhausted', Status.RESOURCE_EXHAUSTED],
    ['unavailable', Status.UNAVAILABLE],
  ];
  const violations = [
    { field: 'parties[2].name', description: 'must not be empty' },
    { field: 'line 3 AMOUNT', description: 'V06: "12,50" ist keine Zahl – réponse 📄' },
  ];

  it.each(kinds)('of the kind %s arrives as it was thrown', async (kind, code) => {
    const metadata = { id: documentId, state: 'größer als 100 %' };
    const thrown = new DomainError(
      kind,
      'SOME_REASON_1',
      'An “issued” invoice\nstays as it is: 100 %',
      violations,
      metadata,
    );
    behaviour.getDocument = () => Promise.reject(thrown);
    behaviour.uploadDocument = () => Promise.reject(thrown);
    behaviour.downloadDocument = () => failing(thrown);
    const wire = await wireUnary(
      app.wire(),
      getDocument,
      Buffer.from(DocumentsServiceService.getDocument.requestSerialize({ documentId })),
    );
    expect(wire.code).toBe(code);
    const file = { contentType: '', data: Buffer.alloc(1), extensions: [] };
    for (const call of [
      () => documents().getDocument({ documentId }),
      () => documents().uploadDocument(from({ clientId: documentId, name: 'a', file })),
      () => all(documents().downloadDocument({ documentId })),
    ]) {
      const arrived = (await refusalOf(call())) as DomainError;
      expect(arrived).toBeInstanceOf(DomainError);
      expect(arrived).toMatchObject({ kind, reason: 'SOME_REASON_1', message: thrown.message, violations, metadata });
    }
    expect(app.failures).toEqual([]);
  });

  it('without fields or metadata arrives so', async () => {
    behaviour.getDocument = () => Promise.reject(DomainError.refused('NOT_NOW', 'not now'));
    expect(await refusalOf(documents().getDocument({ documentId }))).toMatchObject({ violations: [], metadata: {} });
  });

  const fields = (count: number, description: string) =>
    Array.from({ length: count }, (_, index) => ({ field: `line ${index}`, description }));

  it.each([
    [
      'thousands of fields',
      new DomainError('invalid', 'TOO_MUCH', 'bad', fields(5000, 'V06: the amount is no number')),
    ],
    ['fields of very long texts', new DomainError('invalid', 'TOO_MUCH', 'bad', fields(100, '数'.repeat(5000)))],
    ['a very long text', DomainError.refused('TOO_MUCH', 'é'.repeat(100_000))],
    ['all of it', new DomainError('invalid', 'TOO_MUCH', '数'.repeat(5000), fields(5000, '数'.repeat(990)))],
    ['a long text cut in the middle of a character', DomainError.refused('TOO_MUCH', `${'x'.repeat(998)}📄📄`)],
    ['ill-formed Unicode', DomainError.invalid('name', 'TOO_MUCH', 'named \ud83d')],
  ])('with %s arrives, if not all of it', async (_name, thrown) => {
    behaviour.getDocument = () => Promise.reject(thrown);
    const arrived = (await refusalOf(documents().getDocument({ documentId }))) as DomainError;
    expect(arrived).toMatchObject({ name: 'DomainError', kind: thrown.kind, reason: 'TOO_MUCH' });
    expect(arrived.message.slice(0, 5)).toBe(thrown.message.toWellFormed().slice(0, 5));
    expect(arrived.message.length).toBeLessThanOrEqual(1000);
    expect(arrived.violations.map(({ field }) => field)).toEqual(
      thrown.violations.slice(0, arrived.violations.length).map(({ field }) => field),
    );
    if (thrown.violations.length > 0) expect(arrived.violations.length).toBeGreaterThan(0);
  });
});

describe('an unexpected error', () => {
  const privileged = 'privileged: Acme v. Bolt';
  const document = DocumentsServiceService.getDocument.requestSerialize({ documentId });
  const upload = { clientId: documentId, name: 'a', file: { contentType: '', data: Buffer.alloc(1), extensions: [] } };
  const part = (text: string): HttpBody => ({ contentType: 'text/plain', data: Buffer.from(text), extensions: [] });

  async function* breaking(): AsyncIterable<HttpBody> {
    yield part('one');
    throw new TypeError(privileged);
  }

  async function* misshapen(): AsyncIterable<HttpBody> {
    yield part('one');
    yield { contentType: privileged, data: 5 } as never;
  }

  const cases: [string, string, Partial<typeof defaults>, (wire: Client) => Promise<ServiceError>][] = [
    [
      'an Error',
      getDocument,
      { getDocument: () => Promise.reject(new Error(privileged)) },
      (wire) => wireUnary(wire, getDocument, document),
    ],
    [
      'a text',
      getDocument,
      { getDocument: () => Promise.reject(privileged) },
      (wire) => wireUnary(wire, getDocument, document),
    ],
    [
      'at once',
      getDocument,
      {
        getDocument: () => {
          throw new TypeError(privileged);
        },
      },
      (wire) => wireUnary(wire, getDocument, document),
    ],
    [
      'no answer',
      getDocument,
      { getDocument: async () => undefined as never },
      (wire) => wireUnary(wire, getDocument, document),
    ],
    [
      'an answer that is none',
      getDocument,
      { getDocument: async () => ({ id: { privileged } }) as never },
      (wire) => wireUnary(wire, getDocument, document),
    ],
    [
      'an Error before the stream',
      downloadDocument,
      {
        downloadDocument: () => {
          throw new Error(privileged);
        },
      },
      (wire) => wireServerStream(wire, downloadDocument, document),
    ],
    [
      'an Error within the stream',
      downloadDocument,
      { downloadDocument: breaking },
      (wire) => wireServerStream(wire, downloadDocument, document),
    ],
    [
      'a message of the stream that is none',
      downloadDocument,
      { downloadDocument: misshapen },
      (wire) => wireServerStream(wire, downloadDocument, document),
    ],
    [
      'no stream',
      downloadDocument,
      { downloadDocument: () => undefined as never },
      (wire) => wireServerStream(wire, downloadDocument, document),
    ],
    [
      'an Error after an upload',
      uploadDocument,
      { uploadDocument: () => Promise.reject(new Error(privileged)) },
      (wire) => wireClientStream(wire, uploadDocument, upload),
    ],
    [
      'no answer to an upload',
      uploadDocument,
      { uploadDocument: async () => undefined as never },
      (wire) => wireClientStream(wire, uploadDocument, upload),
    ],
  ];

  it.each(cases)(
    '(%s) leaves as INTERNAL without a word of it, and is told of once',
    async (_name, path, changes, call) => {
      Object.assign(behaviour, changes);
      const refusal = await call(app.wire());
      expect(refusal.code).toBe(Status.INTERNAL);
      expect(refusal.details).toBe('internal error');
      expect(JSON.stringify(refusal.metadata.toJSON())).not.toMatch(/privileged|Error|stack/);
      expect(app.failures.map((failure) => failure.path)).toEqual([path]);
    },
  );

  it('reaches a calling service as an Error, not as a refusal', async () => {
    behaviour.getDocument = () => Promise.reject(new Error(privileged));
    const error = await refusalOf(documents().getDocument({ documentId }));
    expect(error).not.toBeInstanceOf(DomainError);
    expect(error).toEqual(new Error('a service answered INTERNAL'));
  });
});

describe('a stream', () => {
  const file = (data: Buffer) => ({ contentType: 'text/plain', data, extensions: [] });
  const opening = { clientId: documentId, name: 'brief.txt' };

  it('is taken part by part', async () => {
    async function* parts() {
      yield { ...opening, file: file(Buffer.alloc(64 * 1024)) };
      for (let index = 0; index < 100; index++) yield { file: file(Buffer.alloc(64 * 1024)) };
    }
    expect((await documents().uploadDocument(parts())).name).toBe(`${101 * 64 * 1024} bytes`);
  });

  it('is refused for the fields of its first message', async () => {
    const refusal = await refusalOf(
      documents().uploadDocument(from({ ...opening, clientId: 'acme', file: file(Buffer.alloc(1)) })),
    );
    expect(refusal).toMatchObject({
      kind: 'invalid',
      violations: [{ field: 'clientId', description: 'must be a UUID' }],
    });
  });

  it('is refused for a later message that is none', async () => {
    const first = Buffer.from(
      DocumentsServiceService.uploadDocument.requestSerialize({
        ...opening,
        matterId: '',
        matterIds: [],
        folder: '',
        file: file(Buffer.alloc(1)),
      }),
    );
    const call = app.channel().clientStream(uploadDocument, from(first, Buffer.from([0xff])), await app.prepare());
    expect(await refusalOf(call)).toMatchObject({ kind: 'invalid', reason: 'NOT_A_MESSAGE' });
  });

  it('may be refused before its end, however much is still to come', async () => {
    behaviour.uploadDocument = async (messages) => {
      for await (const _first of messages) throw DomainError.refused('CASE_FILE_CLOSED', 'the case file is closed');
      throw new Error('nothing came');
    };
    async function* endless() {
      yield { ...opening, file: file(Buffer.alloc(1000)) };
      for (;;) yield { file: file(Buffer.alloc(256 * 1024)) };
    }
    expect(await refusalOf(documents().uploadDocument(endless()))).toMatchObject({ reason: 'CASE_FILE_CLOSED' });
  });

  describe('that is broken off is never taken for a whole one, and is no failure of the service', () => {
    const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
    let outcome: Promise<unknown>;
    let begun: Promise<void>;

    beforeEach(() => {
      const ended = Promise.withResolvers<unknown>();
      const started = Promise.withResolvers<void>();
      outcome = ended.promise;
      begun = started.promise;
      behaviour.uploadDocument = async (messages) => {
        const whole = defaults.uploadDocument(messages);
        started.resolve();
        ended.resolve(whole.catch((error: unknown) => error));
        return whole;
      };
    });

    afterEach(async () => {
      expect(await outcome).toMatchObject({
        name: 'DomainError',
        reason: expect.stringMatching(/^(CANCELLED|NOT_A_MESSAGE)$/),
      });
      await pause(20);
      expect(app.failures).toEqual([]);
    });

    async function* parts(count: number, end: () => Promise<void>) {
      yield { ...opening, file: file(Buffer.alloc(1000)) };
      for (let index = 1; index < count; index++) yield { file: file(Buffer.alloc(200_000)) };
      await end();
    }

    it.each([
      ['after one part', 1],
      ['with parts on the way', 60],
    ])('by a sender that fails %s', async (_name, count) => {
      const failing = parts(count, async () => {
        if (count === 1) await begun;
        throw new Error('the disk of the sender is broken');
      });
      await expect(documents().uploadDocument(failing)).rejects.toThrow('the disk of the sender is broken');
    });

    it.each([1, 2, 20])('by another program that cancels after %i parts', async (count) => {
      const method = DocumentsServiceService.uploadDocument;
      const metadata = await signed();
      const cancelled = new Promise((resolve) => {
        const stream = app.wire().makeClientStreamRequest(uploadDocument, same, same, metadata, {}, resolve);
        const empty = method.requestDeserialize(Buffer.alloc(0));
        for (let index = 0; index < count; index++)
          stream.write(method.requestSerialize({ ...empty, ...opening, file: file(Buffer.alloc(30_000)) }));
        void begun.then(() => stream.cancel());
      });
      expect(await cancelled).toMatchObject({ code: Status.CANCELLED });
    });

    it('by a deadline', async () => {
      const slow = parts(2, () => pause(2500));
      expect(await refusalOf(documents().uploadDocument(slow, { timeoutMs: 1500 }))).toMatchObject({
        reason: 'DEADLINE_EXCEEDED',
      });
    });

    it('by a connection that is lost', async () => {
      const proxy = await LosableConnection.to(app.strategy.port);
      const channel = new RawChannel(proxy.address);
      const lost = parts(3, async () => {
        await begun;
        proxy.lose();
        await pause(100);
      });
      expect(await refusalOf(app.client(DocumentsServiceService, channel).uploadDocument(lost))).toBeInstanceOf(Error);
      channel.close();
      await proxy.close();
    });
  });

  it('of answers comes in order, and ends', async () => {
    const parts = await all(documents().downloadDocument({ documentId }));
    expect(parts.map(({ data }) => Buffer.from(data).toString())).toEqual(['one ', 'two ', 'three']);
  });

  it('of answers is refused for its request', async () => {
    const refusal = await refusalOf(all(documents().downloadDocument({ documentId, version: -1 })));
    expect(refusal).toMatchObject({
      kind: 'invalid',
      violations: [{ field: 'version', description: 'is -1, at least 0 is needed' }],
    });
  });

  it('of answers that breaks gives what came before, and then the refusal', async () => {
    behaviour.downloadDocument = async function* () {
      yield file(Buffer.from('one'));
      yield file(Buffer.from('two'));
      throw DomainError.refused('FILE_GONE', 'the file is gone');
    };
    const came: string[] = [];
    const reading = (async () => {
      for await (const { data } of documents().downloadDocument({ documentId }))
        came.push(Buffer.from(data).toString());
    })();
    expect(await refusalOf(reading)).toMatchObject({ kind: 'refused', reason: 'FILE_GONE' });
    expect(came).toEqual(['one', 'two']);
  });

  it('of answers whose reader leaves is closed at its source', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    behaviour.downloadDocument = async function* () {
      try {
        for (;;) yield file(Buffer.alloc(64 * 1024));
      } finally {
        resolve('closed');
      }
    };
    for await (const _part of documents().downloadDocument({ documentId })) break;
    expect(await closed).toBe('closed');
    expect(app.failures).toEqual([]);
  });

  it('of answers waits for a slow reader', async () => {
    let made = 0;
    behaviour.downloadDocument = async function* () {
      for (; made < 400; made++) yield file(Buffer.alloc(64 * 1024));
    };
    let read = 0;
    for await (const _part of documents().downloadDocument({ documentId })) {
      if (read === 0) await new Promise((done) => setTimeout(done, 200));
      if (read === 0) expect(made).toBeLessThan(200);
      read += 1;
    }
    expect(read).toBe(400);
  });
});

describe('a command with an idempotency key', () => {
  let db: PlatformDatabase;
  let database: Database;
  const key = () => `key-${newId(Date.now())}`;
  const request = { personId: documentId, name: 'practice management' };

  beforeAll(async () => {
    db = await PlatformDatabase.open([CreateEffects1767225600000]);
    database = await db.connect();
  });

  afterAll(() => db.close());

  beforeEach(async () => {
    await db.superuser.query('truncate effects, idempotency_keys');
    behaviour.createApiKey = async (_request, metadata) => {
      const id = newId(Date.now());
      await database.transaction(callerOf(metadata), (tx) =>
        tx.query('insert into effects (tenant_id, id) values ($1, $2)', [tx.tenantId, id]),
      );
      return CreatedApiKey.fromPartial({ apiKey: { id, name: 'practice management' }, key: `pd_live_${id}_topsecret` });
    };
  });

  const answer = async (call: { key?: string; authorization?: string }, change = {}) => {
    const body = ApiKeysServiceService.createApiKey.requestSerialize(
      CreateApiKeyRequest.fromPartial({ ...request, ...change }),
    );
    const { body: bytes, trailers } = await app
      .channel()
      .unary('/paradesk.identity.v1.ApiKeysService/CreateApiKey', body, await app.prepare(call));
    return { ...CreatedApiKey.decode(bytes), replayed: trailers['idempotency-replayed'] };
  };
  const effects = () => db.rows<{ id: string }>('select id from effects');

  it('takes effect once, and says by a trailer that an answer is a repeated one', async () => {
    const call = { key: key() };
    const first = await answer(call);
    const second = await answer(call);
    expect(first).toMatchObject({ key: expect.stringContaining('topsecret'), replayed: undefined });
    expect(second).toMatchObject({ apiKey: first.apiKey, replayed: 'true' });
    expect(await effects()).toEqual([{ id: first.apiKey?.id }]);
  });

  it('shows its secret once, and stores it nowhere', async () => {
    const call = { key: key() };
    await answer(call);
    expect((await answer(call)).key).toBe('');
    const [row] = await db.rows<{ response: Buffer; all: string }>(
      'select response, k::text as all from idempotency_keys k',
    );
    expect(row?.response.toString('latin1')).toContain('practice management');
    expect(row?.response.toString('latin1')).not.toContain('topsecret');
    expect(row?.all).not.toContain(Buffer.from('topsecret').toString('hex'));
  });

  it('takes effect once when it is sent twice at once', async () => {
    const call = { key: key() };
    const answers = await Promise.all([answer(call), answer(call), answer(call)]);
    expect(new Set(answers.map(({ apiKey }) => apiKey?.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => replayed === undefined)).toHaveLength(1);
    expect(await effects()).toHaveLength(1);
  });

  it('is refused with another request', async () => {
    const call = { key: key() };
    await answer(call);
    expect(await refusalOf(answer(call, { name: 'another' }))).toMatchObject({
      kind: 'refused',
      reason: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await effects()).toHaveLength(1);
  });

  it('is its own for each person', async () => {
    const call = { key: key() };
    const other = { ...call, authorization: `Bearer ${await app.token({ sub: newId(Date.now()) })}` };
    const [first, second] = [await answer(call), await answer(other)];
    expect(second.replayed).toBeUndefined();
    expect(second.apiKey?.id).not.toBe(first.apiKey?.id);
  });

  it('that is refused may be sent again', async () => {
    const call = { key: key() };
    const works = behaviour.createApiKey;
    behaviour.createApiKey = () => Promise.reject(DomainError.refused('NOT_NOW', 'not now'));
    expect(await refusalOf(answer(call))).toMatchObject({ reason: 'NOT_NOW' });
    behaviour.createApiKey = works;
    expect((await answer(call)).replayed).toBeUndefined();
    expect(await effects()).toHaveLength(1);
  });

  it('is done each time without one', async () => {
    await answer({});
    await answer({});
    expect(await effects()).toHaveLength(2);
    expect(await db.rows('select from idempotency_keys')).toEqual([]);
  });

  it.each([
    ['that is empty', ''],
    ['with a space', 'a key'],
    ['that is too long', 'k'.repeat(256)],
  ])('%s is refused, and names it', async (_name, bad) => {
    expect(await refusalOf(answer({ key: bad }))).toMatchObject({
      kind: 'invalid',
      reason: 'IDEMPOTENCY_KEY',
      violations: [{ field: 'Idempotency-Key' }],
    });
    expect(await effects()).toEqual([]);
  });

  it('keeps no key where it only reads', async () => {
    await apiKeys().listApiKeys({}, { key: key() });
    expect(await db.rows('select from idempotency_keys')).toEqual([]);
  });

  it('calls no other service inside its transaction', async () => {
    const tokens = { tokenFor: () => app.token(), forget: () => undefined };
    const peers = new Peers(() => ({ documents: app.address }), tokens);
    const client = peers.client('documents', DocumentsServiceService);
    const tenantId = newId(Date.now());
    for (const call of [
      () => client.getDocument({ documentId }, { tenantId }),
      () => client.uploadDocument(from({ name: 'a' }), { tenantId }),
      () => all(client.downloadDocument({ documentId }, { tenantId })),
    ]) {
      await expect(database.transaction<unknown>({ tenantId }, call)).rejects.toThrow(
        'no call to another service inside a transaction',
      );
    }
    peers.close();
  });
});

describe('a call to another service', () => {
  let peer: PlainPeer;
  let peers: Peers;
  const tenantId = newId(Date.now());
  const asked: [string, string][] = [];
  const forgotten: [string, string][] = [];

  beforeEach(async () => {
    peer = await PlainPeer.start();
    asked.length = 0;
    forgotten.length = 0;
    peers = new Peers(() => ({ documents: peer.address, identity: peer.address }), {
      tokenFor: async (audience, tenant) => (asked.push([audience, tenant]), 'a token'),
      forget: (audience, tenant) => void forgotten.push([audience, tenant]),
    });
  });

  afterEach(() => {
    peers.close();
    peer.stop();
  });

  const peerDocuments = () => peers.client('documents', DocumentsServiceService);
  const peerKeys = () => peers.client('identity', ApiKeysServiceService);

  it('is signed with a token for that service and that tenant', async () => {
    await peerDocuments().getDocument({ documentId }, { tenantId });
    expect(asked).toEqual([['documents', tenantId]]);
    expect(peer.calls[0]?.metadata.get('authorization')).toEqual(['Bearer a token']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['that only reads', () => peerDocuments().getDocument({ documentId }, { tenantId })],
    ['that is not the same twice', () => peerKeys().createApiKey({ personId: documentId, name: 'a' }, { tenantId })],
  ])('%s is made once more, with a new token, where the peer does not take the first', async (_name, call) => {
    const expired = new DomainError('unauthenticated', 'TOKEN_EXPIRED', 'the token has expired');
    peer.failures = [expired];
    await call();
    expect(asked).toHaveLength(2);
    expect(forgotten).toEqual([asked[0]]);
    expect(peer.calls).toHaveLength(2);
    peer.failures = [expired, expired];
    expect(await refusalOf(call())).toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_EXPIRED' });
    expect(peer.calls).toHaveLength(4);
  });

  it('without an address is a mistake of ours', async () => {
    await expect(peers.client('billing', ApiKeysServiceService).listApiKeys({}, { tenantId })).rejects.toThrow(
      'PEERS names no address of billing',
    );
  });

  it.each<[string, () => Promise<unknown>]>([
    ['that only reads', () => peerDocuments().getDocument({ documentId }, { tenantId })],
    ['that is the same twice', () => peerKeys().revokeApiKey({ apiKeyId: documentId }, { tenantId })],
  ])('%s is made again where the peer cannot be reached', async (_name, call) => {
    peer.failures = [Status.UNAVAILABLE, Status.UNAVAILABLE];
    await call();
    expect(peer.calls).toHaveLength(3);
  });

  it('that is not the same twice is made once', async () => {
    peer.failures = [Status.UNAVAILABLE, Status.UNAVAILABLE];
    const refusal = await refusalOf(peerKeys().createApiKey({ personId: documentId, name: 'a' }, { tenantId }));
    expect(refusal).toMatchObject({ kind: 'unavailable', reason: 'PEER_UNAVAILABLE' });
    expect(peer.calls).toHaveLength(1);
  });

  it('is given up after the fourth time', async () => {
    peer.failures = Array(10).fill(Status.UNAVAILABLE);
    const refusal = await refusalOf(peerDocuments().getDocument({ documentId }, { tenantId }));
    expect(refusal).toMatchObject({ kind: 'unavailable', reason: 'PEER_UNAVAILABLE' });
    expect(peer.calls).toHaveLength(4);
  });

  it('has one deadline for all its attempts', async () => {
    peer.failures = [Status.UNAVAILABLE, Status.UNAVAILABLE];
    const startedAt = Date.now();
    await peerDocuments().getDocument({ documentId }, { tenantId, timeoutMs: 900 });
    expect(peer.calls).toHaveLength(3);
    for (const { deadline } of peer.calls) expect(Number(deadline) - startedAt).toBeLessThanOrEqual(950);
  });

  it('is cancelled when nobody waits for its answer any more, and not made again', async () => {
    peer.silent = true;
    const channel = new RawChannel(peer.address);
    const leaving = new AbortController();
    const call = { signal: leaving.signal, retry: true };
    const refusal = refusalOf(channel.unary(DocumentsServiceService.getDocument.path, Buffer.alloc(0), call));
    await until(() => peer.calls.length > 0);
    leaving.abort();
    expect(await refusal).toMatchObject({ kind: 'unavailable', reason: 'CANCELLED' });
    expect(peer.calls).toHaveLength(1);
    await until(() => peer.cancelled === 1);
    channel.close();
  });

  it.each([
    ['NOT_FOUND', Status.NOT_FOUND],
    ['INTERNAL', Status.INTERNAL],
    ['RESOURCE_EXHAUSTED', Status.RESOURCE_EXHAUSTED],
    ['DEADLINE_EXCEEDED', Status.DEADLINE_EXCEEDED],
  ])('that is answered with %s is made once', async (_name, code) => {
    peer.failures = [code];
    await refusalOf(peerDocuments().getDocument({ documentId }, { tenantId }));
    expect(peer.calls).toHaveLength(1);
  });

  it.each([
    ['less than it would take by itself', 1500, undefined, 1500],
    ['more than it would take by itself', 9000, undefined, 5000],
    ['less than it asks for', 1500, 8000, 1500],
    ['more than it asks for', 9000, 700, 700],
  ])('gets no more time than the call that it serves: %s', async (_name, incomingMs, outgoingMs, expectedMs) => {
    behaviour.listDocuments = async () => {
      await peerDocuments().getDocument({ documentId }, { tenantId, ...(outgoingMs && { timeoutMs: outgoingMs }) });
      return { documents: [], page: undefined };
    };
    const startedAt = Date.now();
    await documents().listDocuments({}, { timeoutMs: incomingMs });
    const given = Number(peer.calls[0]?.deadline) - startedAt;
    // Each hop tells the time that is left, which rounding lengthens by milliseconds.
    expect(given).toBeGreaterThan(expectedMs - 200);
    expect(given).toBeLessThanOrEqual(incomingMs === expectedMs ? expectedMs + 30 : expectedMs + 500);
  });

  it('ends with the call that it serves', async () => {
    peer.silent = true;
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    behaviour.listDocuments = async () => {
      const refusal = await refusalOf(peerDocuments().getDocument({ documentId }, { tenantId }));
      resolve(refusal);
      throw refusal;
    };
    const startedAt = Date.now();
    const refusal = await refusalOf(documents().listDocuments({}, { timeoutMs: 300 }));
    expect(refusal).toMatchObject({ kind: 'unavailable', reason: 'DEADLINE_EXCEEDED' });
    expect(await outcome).toMatchObject({ kind: 'unavailable', reason: 'DEADLINE_EXCEEDED' });
    expect(Date.now() - startedAt).toBeLessThan(2000);
    expect(app.failures).toEqual([]);
  });

  it('that takes too long is passed on as such', async () => {
    peer.silent = true;
    behaviour.listDocuments = async () => {
      await peerDocuments().getDocument({ documentId }, { tenantId, timeoutMs: 100 });
      return { documents: [], page: undefined };
    };
    const refusal = await wireUnary(app.wire(), listDocuments, Buffer.alloc(0));
    expect(refusal.code).toBe(Status.DEADLINE_EXCEEDED);
    expect(app.failures).toEqual([]);
  });
});

describe('the server', () => {
  it('says that it is healthy, to anybody', async () => {
    const { body } = await app.channel().unary('/grpc.health.v1.Health/Check', Buffer.alloc(0));
    expect([...body]).toEqual([0x08, 1]);
  });

  it('lists its services and their files by reflection', async () => {
    const listing = await reflect(app.wire(), Buffer.from([0x3a, 1, 0x2a]));
    expect(listing).toContain('paradesk.documents.v1.DocumentsService');
    expect(listing).toContain('paradesk.identity.v1.ApiKeysService');
    const symbol = Buffer.from('paradesk.documents.v1.DocumentsService');
    const file = await reflect(app.wire(), Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]));
    expect(file).toContain('paradesk/documents/v1/documents.proto');
  });

  it('lets a running call end when it drains, and takes no new one', async () => {
    const draining = await ServedApp.start();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    behaviour.getDocument = async (request) => {
      reach();
      await gate;
      return Document.fromPartial({ id: request.documentId });
    };
    const running = draining.client(DocumentsServiceService).getDocument({ documentId });
    await reached;
    let drained = false;
    const drain = draining.strategy.drain(10_000).then(() => (drained = true));
    const refusal = await refusalOf(draining.client(DocumentsServiceService).listDocuments({}, { timeoutMs: 2000 }));
    expect(refusal).toMatchObject({ kind: 'unavailable' });
    expect(drained).toBe(false);
    open();
    expect(await running).toMatchObject({ id: documentId });
    await drain;
    await draining.stop();
  });

  it('cuts off what does not end in time when it drains', async () => {
    const draining = await ServedApp.start();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    behaviour.createApiKey = async () => {
      reach();
      await gate;
      return CreatedApiKey.fromPartial({});
    };
    const running = draining.client(ApiKeysServiceService).createApiKey({ personId: documentId, name: 'a' });
    const outcome = refusalOf(running);
    await reached;
    const startedAt = Date.now();
    await draining.strategy.drain(200);
    expect(Date.now() - startedAt).toBeLessThan(3000);
    expect(await outcome).toBeInstanceOf(Error);
    open();
    await draining.stop();
  });

  it('serves controllers of several services at once', async () => {
    const both = await ServedApp.start({ controllers: [DocumentsController, ApiKeysController] });
    await both.client(DocumentsServiceService).getDocument({ documentId });
    await both.client(ApiKeysServiceService).listApiKeys({});
    await both.stop();
  });
});

/** A way to a server that can be cut. */
class LosableConnection {
  private readonly sockets: Socket[] = [];

  private constructor(private readonly server: NetServer) {}

  static async to(port: number): Promise<LosableConnection> {
    const server = createServer();
    const connection = new LosableConnection(server);
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) connection.sockets.push(socket.on('error', () => undefined));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return connection;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  lose(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.lose();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

interface PeerCallSeen {
  readonly path: string;
  readonly metadata: Metadata;
  readonly deadline: Date | number;
}

/** Another service, by plain gRPC: fails as it is told to, or says nothing. */
class PlainPeer {
  readonly calls: PeerCallSeen[] = [];
  failures: (Status | DomainError)[] = [];
  silent = false;
  cancelled = 0;
  private port = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PlainPeer> {
    const peer = new PlainPeer(new Server());
    for (const service of [DocumentsServiceService, ApiKeysServiceService]) {
      const unary = Object.entries(service).filter(([, method]) => !method.requestStream && !method.responseStream);
      const definition = unary.map(([name, { path }]) => [
        name,
        {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      ]);
      peer.server.addService(
        Object.fromEntries(definition),
        Object.fromEntries(
          unary.map(([name, { path }]) => [
            name,
            (
              call: { metadata: Metadata; getDeadline(): Date | number; on(event: 'cancelled', act: () => void): void },
              callback: (error: unknown, answer?: Buffer) => void,
            ) => {
              call.on('cancelled', () => (peer.cancelled += 1));
              peer.calls.push({ path, metadata: call.metadata, deadline: call.getDeadline() });
              const failure = peer.failures.shift();
              if (peer.silent) return;
              if (failure === undefined) callback(null, Buffer.alloc(0));
              else callback(failure instanceof DomainError ? toStatus(failure) : { code: failure, details: 'as told' });
            },
          ]),
        ) as never,
      );
    }
    peer.port = await new Promise<number>((resolve, reject) =>
      peer.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
    return peer;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 10) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come about within 10 s');
}

async function* from<T>(...items: T[]): AsyncIterable<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* failing(error: Error): AsyncIterable<HttpBody> {
  throw error;
}

async function signed(): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await app.token()}`);
  return metadata;
}

async function wireUnary(wire: Client, path: string, request: Buffer): Promise<ServiceError> {
  const metadata = await signed();
  return new Promise((resolve, reject) =>
    wire.makeUnaryRequest(path, same, same, request, metadata, { deadline: Date.now() + 10_000 }, (error) =>
      error ? resolve(error) : reject(new Error('the call went through')),
    ),
  );
}

async function wireServerStream(wire: Client, path: string, request: Buffer): Promise<ServiceError> {
  const stream = wire.makeServerStreamRequest(path, same, same, request, await signed(), {
    deadline: Date.now() + 10_000,
  });
  return (await refusalOf(all(stream))) as ServiceError;
}

async function wireClientStream(wire: Client, path: string, request: object): Promise<ServiceError> {
  const metadata = await signed();
  const method = DocumentsServiceService.uploadDocument;
  return new Promise((resolve, reject) => {
    const stream = wire.makeClientStreamRequest(
      path,
      same,
      same,
      metadata,
      { deadline: Date.now() + 10_000 },
      (error) => (error ? resolve(error) : reject(new Error('the call went through'))),
    );
    stream.end(method.requestSerialize({ ...method.requestDeserialize(Buffer.alloc(0)), ...request }));
  });
}

async function reflect(wire: Client, request: Buffer): Promise<string> {
  const stream = wire.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', same, same, {
    deadline: Date.now() + 10_000,
  });
  stream.end(request);
  return Buffer.concat(await all(stream as AsyncIterable<Buffer>)).toString('latin1');
}
