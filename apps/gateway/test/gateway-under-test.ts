import { createLogger } from '@paradesk/platform';
import { PassThrough } from 'node:stream';
import { startGateway, type RunningGateway } from '../src/gateway.module.js';
import type { Limits } from '../src/limits.js';
import { StubServices } from './stub-services.js';

export const API_KEY = 'pd_live_testkey_testsecret';
export const UUID = '0195a1b2-0000-7000-8000-000000000002';

/** An answer of the gateway with its JSON read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The gateway before stubs of all services. */
export class GatewayUnderTest {
  private constructor(
    readonly gateway: RunningGateway,
    readonly stubs: StubServices,
    /** What was logged. */
    readonly log: () => string,
  ) {}

  static async start(limits: Partial<Limits> = {}): Promise<GatewayUnderTest> {
    const stubs = await StubServices.start();
    const lines: string[] = [];
    const destination = new PassThrough().on('data', (line) => lines.push(String(line)));
    const logger = createLogger({ service: 'gateway', level: 'info', destination });
    const gateway = await startGateway({
      host: '127.0.0.1',
      port: 0,
      identityAddress: stubs.address,
      peers: stubs.peers,
      logger,
      shutdownTimeoutMs: 2000,
      limits,
    });
    return new GatewayUnderTest(gateway, stubs, () => lines.join(''));
  }

  get url(): string {
    return this.gateway.url;
  }

  async fetch(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    return fetch(this.url + path, {
      ...init,
      headers: { authorization: `Bearer ${API_KEY}`, ...(init.headers as Record<string, string>) },
    });
  }

  async send(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Answered> {
    const response = await this.fetch(path, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send(path, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.stubs.stop();
  }
}
