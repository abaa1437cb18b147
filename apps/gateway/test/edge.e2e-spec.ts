import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { defaultLimits } from '../src/limits.js';
import { startGateway } from '../src/gateway.module.js';
import { API_KEY, GatewayUnderTest, UUID } from './gateway-under-test.js';

// A client that is no better than it must be: what it sends is written byte by byte.
const open = new Set<Socket>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

interface Line {
  readonly socket: Socket;
  /** All that came back so far. */
  said(): string;
  /** Resolves with all that came back when the other side has closed. */
  readonly closed: Promise<string>;
}

async function dial(system: GatewayUnderTest, text = ''): Promise<Line> {
  const { hostname, port } = new URL(system.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  open.add(socket);
  let said = '';
  socket.on('data', (bytes) => (said += String(bytes))).on('error', () => undefined);
  const ended = Promise.withResolvers<string>();
  for (const event of ['end', 'close']) socket.once(event, () => ended.resolve(said));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, said: () => said, closed: ended.promise };
}

const head = (method: string, path: string, ...headers: string[]): string =>
  [`${method} ${path} HTTP/1.1`, 'host: gateway', `authorization: Bearer ${API_KEY}`, ...headers, '', ''].join('\r\n');

const statusesIn = (said: string): number[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** Sends a byte now and then until nobody takes it any more. */
function drip({ socket, closed }: Line, byte = 'x'): Promise<string> {
  const timer = setInterval(() => socket.writable && socket.write(byte), 50);
  return closed.finally(() => clearInterval(timer));
}

async function secondsOf(work: Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work;
  return (performance.now() - startedMs) / 1000;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 10) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`it was not so within 10 s: ${isSo.toString()}`);
}

async function expectHealthy(system: GatewayUnderTest): Promise<void> {
  expect((await system.send('/v1/clients')).status).toBe(200);
}

describe('limits', () => {
  it('follow from each other', () => {
    const { connections, headersTimeoutMs, bodyTimeoutMs, requestTimeoutMs, checkEveryMs } = defaultLimits;
    expect(connections).toBeGreaterThan(1_000);
    expect(headersTimeoutMs).toBeLessThan(requestTimeoutMs);
    expect(bodyTimeoutMs).toBeLessThan(requestTimeoutMs);
    expect(checkEveryMs).toBeLessThan(headersTimeoutMs);
  });
});

describe('1,000 idle connections', () => {
  // The one limit that would end half of them while a busy machine still opens the others.
  let system: GatewayUnderTest;
  beforeAll(async () => {
    system = await GatewayUnderTest.start({ headersTimeoutMs: 60_000 });
  });
  afterAll(() => system.stop());

  it('that say nothing, or stop in the middle of a request, keep nobody from being answered', async () => {
    const idle = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        dial(system, index % 2 ? 'GET /v1/clients HTTP/1.1\r\nhost: x\r\n' : ''),
      ),
    );
    const answers = await Promise.all(Array.from({ length: 200 }, () => system.send('/v1/clients')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(idle.filter(({ socket }) => socket.readyState === 'open')).toHaveLength(1_000);
  });
});

describe('the gateway, with its limits as they are', () => {
  let system: GatewayUnderTest;
  beforeAll(async () => {
    system = await GatewayUnderTest.start();
  });
  afterAll(() => system.stop());
  afterEach(() => expectHealthy(system));

  it('answers pipelined requests in their order', async () => {
    const many = Array.from({ length: 100 }, (_, index) => head('GET', index % 2 ? '/v1/nothing' : '/v1/clients'));
    const line = await dial(system, many.join(''));
    await until(() => statusesIn(line.said()).length === 100);
    expect(statusesIn(line.said())).toEqual(Array.from({ length: 100 }, (_, index) => (index % 2 ? 404 : 200)));
  });

  it.each([
    ['nothing that is HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n', 400],
    ['a request line of one word', 'HELO\r\n\r\n', 400],
    ['a version that there is not', 'GET / HTTP/9.9\r\n\r\n', 400],
    ['a header without a name', 'GET /health HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n', 400],
    ['a header with a line break of its own kind', 'GET /health HTTP/1.1\r\nhost: x\r\na: b\nc\r\n\r\n', 400],
    ['two lengths', `${head('POST', '/v1/timeEntries', 'content-length: 2', 'content-length: 3')}{}`, 400],
    [
      'a length and chunks at once',
      `${head('POST', '/v1/timeEntries', 'content-length: 2', 'transfer-encoding: chunked')}{}`,
      400,
    ],
    ['a length that is no number', `${head('POST', '/v1/timeEntries', 'content-length: two')}{}`, 400],
    [
      'a chunk that is none',
      `${head('POST', '/v1/timeEntries', 'content-type: application/json', 'transfer-encoding: chunked')}zz\r\n`,
      400,
    ],
    ['headers above 16 KB', head('GET', '/health', `x-long: ${'x'.repeat(20_000)}`), 431],
    ['very many headers', head('GET', '/health', ...Array.from({ length: 4_000 }, (_, index) => `a${index}: b`)), 431],
    ['a path above 16 KB', head('GET', `/v1/clients/${'x'.repeat(20_000)}`), 431],
  ])('refuses %s, and closes the connection', async (_name, text, status) => {
    const said = await (await dial(system, text)).closed;
    expect(statusesIn(said)[0]).toBe(status);
    expect(said).toContain('application/problem+json');
    expect(said).not.toMatch(/ at .*\.[jt]s|node:|HPE_/);
  });

  it('refuses a good request and garbage behind it apart', async () => {
    const said = await (await dial(system, `${head('GET', '/health')}\x00garbage\r\n\r\n`)).closed;
    expect(statusesIn(said).sort()).toEqual([200, 400]);
  });

  it('names the limit of a body that is too large, before it has come', async () => {
    const line = await dial(
      system,
      head('POST', '/v1/timeEntries', 'content-type: application/json', 'content-length: 99999999'),
    );
    await until(() => line.said().includes('}'));
    expect(statusesIn(line.said())).toEqual([413]);
    expect(line.said()).toContain('at most 10485760 bytes are taken');
  });

  it('cancels the call of a client that leaves', async () => {
    const hanging = Promise.withResolvers<undefined>();
    system.stubs.on('GetClient', () => hanging.promise);
    const line = await dial(system, head('GET', `/v1/clients/${UUID}`));
    await until(() => system.stubs.calls.some(({ method }) => method === 'GetClient'));
    const { cancelled } = system.stubs.last('GetClient');
    expect(cancelled.aborted).toBe(false);
    line.socket.destroy();
    await until(() => cancelled.aborted);
    hanging.resolve(undefined);
  });

  it('cancels a download that has not begun when its client leaves', async () => {
    let ended = false;
    system.stubs.onDownload('DownloadDocument', async function* ({ cancelled }) {
      await once(cancelled, 'abort');
      ended = true;
      yield {};
    });
    const line = await dial(system, head('GET', `/v1/documents/${UUID}/content`));
    await until(() => system.stubs.calls.some(({ method }) => method === 'DownloadDocument'));
    line.socket.destroy();
    await until(() => ended);
  });

  it('cancels nothing for a client that stays', async () => {
    system.stubs.on('GetClient', async ({ cancelled }) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return cancelled.aborted ? undefined : { id: UUID };
    });
    expect((await system.send(`/v1/clients/${UUID}`)).body.id).toBe(UUID);
  });
});

describe('the gateway, with its limits shortened', () => {
  const limits = {
    headersTimeoutMs: 700,
    bodyTimeoutMs: 700,
    requestTimeoutMs: 4_000,
    silenceTimeoutMs: 1_500,
    lingerTimeoutMs: 500,
    checkEveryMs: 100,
    signInTimeoutMs: 500,
    callTimeoutMs: 500,
  };
  // For a machine that is busy: what has no limit lasts for ever, or for the 60 s of the test.
  const SOON = 10;
  let system: GatewayUnderTest;
  beforeAll(async () => {
    system = await GatewayUnderTest.start(limits);
  });
  afterAll(() => system.stop());
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    await expectHealthy(system);
  });

  it.each([
    ['that dial and say nothing', ''],
    ['that drip their headers', 'GET /health HTTP/1.1\r\nhost: x\r\nx-slow: '],
    ['that drip the first word', 'GE'],
  ])('lets clients go %s', async (_name, text) => {
    const line = await dial(system, text);
    const waiting = text === '' ? line.closed : drip(line, text === 'GE' ? 'T' : 'x');
    expect(await secondsOf(waiting)).toBeLessThan(SOON);
    expect(statusesIn(line.said()).at(-1) ?? 408).toBeGreaterThanOrEqual(400);
  });

  it('lets a client go that drips its body, and says so', async () => {
    const line = await dial(
      system,
      head('POST', '/v1/timeEntries', 'content-type: application/json', 'content-length: 100000'),
    );
    expect(await secondsOf(drip(line, ' '))).toBeLessThan(SOON);
    expect(statusesIn(line.said())).toEqual([408]);
    expect(line.said()).toContain('BODY_TOO_SLOW');
  });

  it('lets a client go that goes on dripping what nobody wants', async () => {
    const line = await dial(system, head('POST', '/v1/nothing', 'content-length: 100000'));
    expect(await secondsOf(drip(line))).toBeLessThan(SOON);
    expect(statusesIn(line.said())).toEqual([404]);
  });

  it('lets a client go that drips a file for longer than a request may last', async () => {
    system.stubs.onUpload('UploadDocument', async (stream) => {
      for await (const _ of stream); // until it is broken off
      return { id: UUID };
    });
    const path = `/v1/documents?clientId=${UUID}&name=a.pdf`;
    const line = await dial(system, head('POST', path, 'content-type: application/pdf', 'content-length: 100000'));
    expect(await secondsOf(drip(line))).toBeLessThan(SOON + 4);
    expect(statusesIn(line.said())).not.toContain(200);
  });

  it('lets a client go that falls silent in the middle of a file, and the service takes no half one', async () => {
    let outcome: unknown;
    system.stubs.onUpload('UploadDocument', async (stream) => {
      try {
        for await (const message of stream) if (message.length === 1) throw new Error('what is no message'); // as the platform does
        outcome = 'taken';
      } catch (error) {
        outcome = error;
      }
      return { id: UUID };
    });
    const path = `/v1/documents?clientId=${UUID}&name=a.pdf`;
    const text = head('POST', path, 'content-type: application/pdf', 'content-length: 200000');
    const line = await dial(system, text + 'x'.repeat(100_000));
    expect(await secondsOf(line.closed)).toBeLessThan(SOON);
    await until(() => outcome !== undefined);
    expect(outcome).toBeInstanceOf(Error);
    expect(statusesIn(line.said())).not.toContain(200);
  });

  it('lets a client go that does not read its answer, and ends the call', async () => {
    let ended = false;
    system.stubs.onDownload('DownloadDocument', async function* () {
      const data = Buffer.alloc(64 * 1024, 'x').toString('base64');
      try {
        for (let pieces = 0; pieces < 8_000; pieces++) yield { contentType: 'text/plain', data };
      } finally {
        ended = true;
      }
    });
    const line = await dial(system);
    line.socket.pause();
    line.socket.write(head('GET', `/v1/documents/${UUID}/content`));
    await until(() => ended);
  });

  it('answers 504 within the limit for a service that hangs', async () => {
    system.stubs.on('GetClient', () => new Promise(() => undefined));
    const { status, body } = await system.send(`/v1/clients/${UUID}`);
    expect([status, body.reason]).toEqual([504, 'DEADLINE_EXCEEDED']);
    await until(() => system.stubs.last('GetClient').cancelled.aborted);
  });

  it('answers 504 within the limit when nobody says whose a key is', async () => {
    system.stubs.on('ExchangeApiKey', ({ request }) =>
      request.apiKey === API_KEY ? { token: 'token' } : new Promise(() => undefined),
    );
    const { status, body } = await system.send('/v1/clients', { headers: { authorization: 'Bearer pd_live_slow_x' } });
    expect([status, body.reason]).toEqual([504, 'DEADLINE_EXCEEDED']);
  });
});

it('a connection above the cap is closed at once, the others are kept, and the log says so once', async () => {
  const connections = 40;
  const system = await GatewayUnderTest.start({ connections });
  const held = await Promise.all(Array.from({ length: connections }, () => dial(system, head('GET', '/health'))));
  await until(() => held.every(({ said }) => said() !== ''));
  for (let extra = 0; extra < 5; extra++) expect(await (await dial(system)).closed).toBe('');
  for (const { socket } of held) socket.write(head('GET', '/health'));
  await until(() => held.every(({ said }) => statusesIn(said()).length === 2));
  expect(held.flatMap(({ said }) => statusesIn(said()))).toEqual(Array(2 * connections).fill(200));
  expect(system.log().match(/connections are refused/g)).toHaveLength(1);
  await system.stop();
});

describe('a service that cannot be reached', () => {
  it.each([
    ['refuses connections', 503, 'PEER_UNAVAILABLE', false],
    ['takes connections and says nothing', 504, 'DEADLINE_EXCEEDED', true],
  ])('and %s is %i within the limit', async (_name, status, reason, listens) => {
    const stubs = await GatewayUnderTest.start();
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined))).listen(
      0,
      '127.0.0.1',
    );
    await once(silent, 'listening');
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    if (!listens) await once(silent.close(), 'close');
    const gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      identityAddress: stubs.stubs.address,
      peers: { ...stubs.stubs.peers, billing: address },
      logger: { fatal: ignore, error: ignore, warn: ignore, info: ignore, debug: ignore },
      limits: { callTimeoutMs: 1_000 },
    });
    const response = await fetch(`${gateway.url}/v1/invoices`, { headers: { authorization: `Bearer ${API_KEY}` } });
    const problem = (await response.json()) as { reason: string; detail: string };
    expect([response.status, problem.reason]).toEqual([status, reason]);
    expect(JSON.stringify(problem)).not.toContain('127.0.0.1');
    await gateway.stop();
    for (const socket of sockets) socket.destroy();
    silent.close();
    await stubs.stop();
  });
});

function ignore(): void {
  // what is logged is looked at elsewhere
}
