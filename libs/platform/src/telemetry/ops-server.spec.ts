import { afterEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { OpsServer, type ReadinessCheck } from './ops-server.js';
import { startTelemetry } from './otel.js';

startTelemetry({ serviceName: 'test' });

let server: OpsServer | undefined;
afterEach(async () => server?.stop());

async function ask(
  path: string,
  checks: Record<string, ReadinessCheck> = {},
  live: Record<string, ReadinessCheck> = {},
): Promise<{ status: number; body: string }> {
  server = await OpsServer.start('127.0.0.1:0', checks, live);
  const response = await fetch(server.url + path);
  return { status: response.status, body: await response.text() };
}

const works: ReadinessCheck = () => Promise.resolve(true);
const failing: [string, ReadinessCheck][] = [
  ['rejects', () => Promise.reject(new Error('password canary of postgres://canary@db was refused'))],
  [
    'throws',
    () => {
      throw new Error('canary');
    },
  ],
  ['never answers', () => new Promise(() => undefined)],
];

describe('the ops server', () => {
  it('is alive while the process is, whatever it lacks for its work', async () => {
    expect((await ask('/health/live', { database: failing[0]![1] }, { events: works })).status).toBe(200);
  });

  it.each(failing)('is not alive when a check of what only a restart mends %s', async (_name, check) => {
    const { status, body } = await ask('/health/live', {}, { events: check });
    expect([status, JSON.parse(body)]).toEqual([503, { status: 'stuck', failing: ['events'] }]);
    expect(body).not.toContain('canary');
  });

  it('is ready when every check passes', async () => {
    expect(await ask('/health/ready?verbose', { database: works })).toEqual({
      status: 200,
      body: '{"status":"ready","failing":[]}',
    });
  });

  it.each(failing)('is not ready when a check %s, and names it without its secrets', async (_name, check) => {
    const { status, body } = await ask('/health/ready', { database: works, events: check });
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: 'not ready', failing: ['events'] });
    expect(body).not.toContain('canary');
  });

  it('gives metrics in the text format of Prometheus', async () => {
    metrics.getMeter('test').createCounter('paradesk.test.invoices').add(3, { currency: 'USD' });
    const { status, body } = await ask('/metrics');
    expect(status).toBe(200);
    const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines)
      expect(line).toMatch(/^[a-z_:][\w:]*(\{([a-z_]\w*="[^"]*",?)*\})? [-+\d.einfNa]+( \d+)?$/i);
    expect(lines.some((line) => line.startsWith('paradesk_test_invoices_total{') && line.endsWith(' 3'))).toBe(true);
    expect(lines.some((line) => line.startsWith('nodejs_eventloop'))).toBe(true);
  });

  it('starts telemetry once for a process', () => {
    expect(startTelemetry({ serviceName: 'another' })).toBe(startTelemetry({ serviceName: 'test' }));
  });

  it('knows no other path', async () => {
    expect((await ask('/env')).status).toBe(404);
  });
});
