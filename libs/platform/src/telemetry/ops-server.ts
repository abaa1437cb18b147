import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsText } from './otel.js';

/** Something that must work for the service to be ready, or to be alive at all: resolves when it does. */
export type ReadinessCheck = () => Promise<unknown>;

type Checks = Readonly<Record<string, ReadinessCheck>>;

const CHECK_TIMEOUT_MS = 2000;

/** Health and metrics of one process, for Kubernetes and Prometheus; not for the public. */
export class OpsServer {
  private constructor(
    private readonly server: Server,
    /** Base URL. */
    readonly url: string,
  ) {}

  /**
   * Serves `/health/live` and `/health/ready` (503 with the names of the checks that fail), and `/metrics`.
   *
   * @param address `host:port`; port 0 takes a free one
   * @param ready checks of what must work for calls to be taken, by name
   * @param live checks of what only a new process would mend, by name
   * @throws Error in one line where the address is taken
   */
  static async start(address: string, ready: Checks, live: Checks = {}): Promise<OpsServer> {
    const split = address.lastIndexOf(':');
    const host = address.slice(0, split);
    const server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0]!;
      answer(path, { ready, live }, response).catch(() =>
        end(response, 500, 'application/json', '{"status":"failed"}'),
      );
    });
    const bare = host.replace(/^\[|\]$/g, '');
    await new Promise<void>((resolve, reject) =>
      server
        .once('error', ({ code }: NodeJS.ErrnoException) =>
          reject(new Error(`health cannot listen on ${address} (${code}): free it, or correct OPS_ADDRESS`)),
        )
        .listen(Number(address.slice(split + 1)), bare, resolve),
    );
    return new OpsServer(server, `http://${host}:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function answer(
  path: string,
  { ready, live }: Record<'ready' | 'live', Checks>,
  response: ServerResponse,
): Promise<void> {
  if (path === '/health/live') return report(response, live, ['ok', 'stuck']);
  if (path === '/metrics') return end(response, 200, 'text/plain; version=0.0.4; charset=utf-8', await metricsText());
  if (path !== '/health/ready') return end(response, 404, 'application/json', '{"status":"not found"}');
  await report(response, ready, ['ready', 'not ready']);
}

async function report(response: ServerResponse, checks: Checks, [good, bad]: [string, string]): Promise<void> {
  const names = Object.keys(checks);
  const results = await Promise.allSettled(names.map((name) => inTime(checks[name]!)));
  const failing = names.filter((_, index) => results[index]?.status === 'rejected');
  const isGood = failing.length === 0;
  const body = JSON.stringify({ status: isGood ? good : bad, failing });
  end(response, isGood ? 200 : 503, 'application/json', body);
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

async function inTime(check: ReadinessCheck): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the check takes too long')), CHECK_TIMEOUT_MS);
  try {
    await Promise.race([check(), late]);
  } finally {
    clearTimeout(timer);
  }
}
