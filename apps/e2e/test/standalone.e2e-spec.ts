import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiCaller } from './api-caller.js';
import { buildOnce, StandaloneProcess } from './standalone-process.js';

interface Recorded {
  readonly id: string;
  readonly narrative: string;
}

/** A write under a key of its own, and the id it was acknowledged with. */
interface Write {
  readonly key: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  id?: string;
}

const WRITERS = 4;
const ENOUGH_WRITES = 60;

// The tests are the life of one installation, from its first start on.
describe('standalone', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'paradesk-life-'));
  const folder = join(scratch, 'data');
  let system: StandaloneProcess;
  let keysAtFirst: unknown;
  let documentId: string;
  const as = (key: 'billingManager' | 'operationsManager') => new ApiCaller(system.file.api, system.file.keys[key]);

  beforeAll(async () => {
    buildOnce();
    system = await StandaloneProcess.start(folder, await freePort());
  }, 180_000);
  afterAll(async () => {
    await system.end('SIGTERM');
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  });

  it('says where it is and how to sign in, in a file that only its owner can read', () => {
    const { file } = system;
    expect(statSync(join(folder, 'standalone.json')).mode & 0o777).toBe(0o600);
    expect(file).toMatchObject({
      api: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      openapi: `${file.api}/openapi.json`,
      docs: `${file.api}/docs`,
      mail: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(Object.keys(file.keys).sort()).toEqual([
      'billingManager',
      'operationsManager',
      'paralegal',
      'secondTenantBillingManager',
      'secondTenantOperationsManager',
      'virtualAssistant',
    ]);
    keysAtFirst = file.keys;
  });

  it('prints the same', () => {
    const { api, docs, mail, keys } = system.file;
    for (const said of [api, docs, mail, ...Object.values(keys)]) expect(system.output).toContain(said);
  });

  it('serves the API, its reference and the mail page', async () => {
    const { api, docs, openapi, mail, keys } = system.file;
    for (const page of [docs, openapi, mail]) expect((await fetch(page)).status).toBe(200);
    for (const key of Object.values(keys))
      expect((await new ApiCaller(api, key).send({ method: 'GET', path: '/v1/timeEntries' })).status).toBe(200);
  });

  it('leaves a folder alone that another one uses, and says so in one line', async () => {
    const { code, said } = await StandaloneProcess.startInVain(folder);
    expect(code).toBe(1);
    expectOneLine(said);
    expect(said).toMatch(/in use by process \d+/);
    await as('billingManager').get('/v1/timeEntries');
  });

  it('ends within 10 seconds on SIGTERM, even with an upload under way and connections that idle', async () => {
    const [client] = await as('operationsManager').all<{ id: string }>('/v1/clients', 'clients');
    documentId = await upload('kept.txt', client!.id);
    const stuck = request(`${system.file.api}/v1/documents?clientId=${client!.id}&name=never.txt`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${system.file.keys.operationsManager}`,
        'content-type': 'text/plain',
        expect: '100-continue',
      },
    }).on('error', () => undefined);
    stuck.flushHeaders();
    await once(stuck, 'continue');
    stuck.write('the rest never comes');
    const idle = await fetch(`${system.file.mail}/mails.json`);
    await idle.text();
    const { code, afterMs } = await system.end('SIGTERM');
    stuck.destroy();
    expect(code).toBe(0);
    // In good order: at 9 seconds it would give up waiting.
    expect(afterMs).toBeLessThan(9_000);
  });

  it('starts again with its data and keys, on another port where its own is taken, and says so', async () => {
    const taken = createServer();
    const port = await listening(taken);
    system = await StandaloneProcess.start(folder, port).finally(() => taken.close());
    expect(system.file.keys).toEqual(keysAtFirst);
    expect(system.file.api).not.toBe(`http://127.0.0.1:${port}`);
    expect(system.output).toContain(`${system.file.api}  (port ${port} is in use)`);
    const kept = await as('operationsManager').download(`/v1/documents/${documentId}/content`);
    expect(Buffer.from(kept).toString()).toBe('kept');
    expect((await as('billingManager').all('/v1/timeEntries', 'timeEntries')).length).toBe(2);
  });

  it.each([
    ['the process', false],
    ['the process and its PostgreSQL', true],
  ])(
    'killed in the middle of writes (%s), it loses nothing that it acknowledged and does nothing twice',
    async (victims, withPostgres) => {
      const [matter] = await as('operationsManager').all<{ id: string }>('/v1/matters', 'matters');
      const [person] = await as('operationsManager').all<{ id: string }>('/v1/people?role=ROLE_PARALEGAL', 'people');
      const writes: Write[] = [];
      const writers = Array.from({ length: WRITERS }, (_, writer) =>
        writeOn(`${victims} ${writer}`, { matterId: matter!.id, personId: person!.id }, writes),
      );
      await until(() => writes.filter((write) => write.id).length >= ENOUGH_WRITES);
      if (withPostgres) process.kill(system.postgresPid, 'SIGKILL');
      await system.end('SIGKILL');
      await Promise.all(writers);
      system = await StandaloneProcess.start(folder, await freePort());

      const acknowledged = writes.filter((write) => write.id !== undefined);
      expect(acknowledged.length).toBeGreaterThanOrEqual(ENOUGH_WRITES);
      for (const { path, id, body } of acknowledged) {
        expect(await as('billingManager').get(`${path}/${id}`)).toMatchObject({ id, narrative: body.narrative });
      }
      for (const { path, key, body, id } of writes) {
        const again = await as('billingManager').post(path, body, { 'idempotency-key': key });
        if (id) expect(again.id).toBe(id);
      }
      const there = [
        ...(await as('billingManager').all<Recorded>('/v1/timeEntries', 'timeEntries')),
        ...(await as('billingManager').all<Recorded>('/v1/expenses', 'expenses')),
      ];
      for (const { body } of writes)
        expect(there.filter(({ narrative }) => narrative === body.narrative).length).toBe(1);
    },
    120_000,
  );

  /** Writes, one after the other, until the system is gone. */
  async function writeOn(
    name: string,
    { matterId, personId }: { matterId: string; personId: string },
    writes: Write[],
  ): Promise<void> {
    const api = as('billingManager');
    for (let number = 0; ; number++) {
      const narrative = `${name} ${number}`;
      const day = { year: 2026, month: 11, day: 20 };
      const write: Write =
        number % 2
          ? {
              key: narrative.replaceAll(' ', '-'),
              path: '/v1/timeEntries',
              body: { matterId, personId, workedOn: day, minutes: 6, narrative },
            }
          : {
              key: narrative.replaceAll(' ', '-'),
              path: '/v1/expenses',
              body: { matterId, incurredOn: day, expenseCode: 'E101', units: '1', unitCost: '0.25', narrative },
            };
      writes.push(write);
      const request = { method: 'POST', path: write.path, json: write.body, headers: { 'idempotency-key': write.key } };
      const answer = await api.send<{ id: string }>(request).catch(() => undefined);
      // A PostgreSQL that is gone a moment before its services is no acknowledgement.
      if (answer?.status !== 200) return;
      write.id = answer.body.id;
    }
  }

  async function upload(name: string, clientId: string): Promise<string> {
    const path = `/v1/documents?clientId=${clientId}&name=${name}`;
    const { body } = await as('operationsManager').send<{ id: string }>({
      method: 'POST',
      path,
      bytes: 'kept',
      headers: { 'content-type': 'text/plain' },
    });
    return body.id;
  }
});

describe('standalone that cannot start says why in one line', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'paradesk-vain-'));
  const file = join(scratch, 'file');

  beforeAll(() => {
    buildOnce();
    writeFileSync(file, 'in the way');
  }, 180_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it.each([
    ['a file in place of its folder', file, {}, /is no folder/],
    ['a folder below a file', join(file, 'data'), {}, /is no folder/],
    ['a folder that cannot be made', '/sys/paradesk', {}, /cannot be written/],
    ['a port that is no number', join(scratch, 'a'), { PORT: 'http' }, /^PORT takes a whole number/],
    ['a negative port', join(scratch, 'b'), { PORT: '-1' }, /^PORT takes a whole number/],
    ['a port out of range', join(scratch, 'c'), { PORT: '70000' }, /^PORT takes a whole number/],
    ['a port with a fraction', join(scratch, 'd'), { PORT: '80.5' }, /^PORT takes a whole number/],
    ['a port in hexadecimal', join(scratch, 'e'), { PORT: '0x1F90' }, /^PORT takes a whole number/],
  ])('%s', async (_name, folder, env, message) => {
    const { code, said } = await StandaloneProcess.startInVain(folder, env as Record<string, string>);
    expect(code).toBe(1);
    expectOneLine(said);
    expect(said).toMatch(message);
  });
});

function expectOneLine(said: string): void {
  expect(said.trim().split('\n').length).toBe(1);
  expect(said).not.toContain('    at ');
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listening(probe);
  probe.close();
  await once(probe, 'close');
  return port;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 20) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come about within 30 s');
}
