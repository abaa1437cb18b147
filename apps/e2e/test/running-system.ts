import type { Caller } from '@paradesk/access';
import type { Rpc } from '@paradesk/contracts';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { newId } from '@paradesk/kernel';
import { RawChannel } from '@paradesk/platform';
import { Bootstrap, startSystem, type RunningSystem } from '@paradesk/standalone';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The whole system, as `npm start` runs it, on a data folder of its own. */
export class SystemUnderTest {
  private readonly channels = new Map<string, RawChannel>();

  private constructor(
    readonly system: RunningSystem,
    /** Calls services as anybody. */
    readonly people: Bootstrap,
    private readonly folder: string,
    /** PARADESK_DATA of the system. */
    readonly data = join(folder, 'data'),
  ) {}

  static async start(): Promise<SystemUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'paradesk-e2e-'));
    const system = await startSystem({
      folder: join(folder, 'data'),
      port: 0,
      logLevel: process.env.TEST_LOG_LEVEL ?? 'fatal',
    });
    return new SystemUnderTest(system, new Bootstrap(system.secrets.signingKeys, system.addresses), folder);
  }

  /** Calls any RPC with an encoded request; streams are sent one message, and read whole. */
  async call(rpc: Rpc, request: Buffer, caller: Caller | undefined): Promise<Buffer> {
    // What every service serves of its own is asked of billing.
    const service = rpc.owner ?? 'billing';
    const metadata: Record<string, string> = caller
      ? { authorization: `Bearer ${await this.people.tokenFor(caller, service)}` }
      : {};
    const call = { metadata, timeoutMs: 20_000 };
    const channel = this.channelTo(service);
    if (rpc.descriptor.methodKind === 'client_streaming')
      return (await channel.clientStream(rpc.path, one(request), call)).body;
    if (rpc.descriptor.methodKind === 'server_streaming') {
      const parts: Buffer[] = [];
      for await (const part of channel.serverStream(rpc.path, request, call)) parts.push(part);
      return Buffer.concat(parts);
    }
    return (await channel.unary(rpc.path, request, call)).body;
  }

  /** REST, as a program with an API key sees it. */
  async rest<T = Record<string, unknown>>(
    key: string,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }> {
    const response = await fetch(this.system.file.api + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as T };
  }

  async stop(): Promise<void> {
    for (const channel of this.channels.values()) channel.close();
    await this.system.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private channelTo(service: string): RawChannel {
    const channel = this.channels.get(service) ?? new RawChannel(this.system.addresses[service] ?? '');
    this.channels.set(service, channel);
    return channel;
  }
}

/** Somebody of a tenant. */
export function callerOfRole(role: Role, tenantId: string): Caller {
  return role === Role.SERVICE
    ? { tenantId, role, service: 'billing' }
    : { tenantId, role, personId: newId(Date.now()) };
}

async function* one(request: Buffer): AsyncIterable<Buffer> {
  yield request;
}
