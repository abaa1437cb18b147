import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openProxies, type OpenProxies } from './proxies.js';

let proxies: OpenProxies;

describe('a link', () => {
  let echo: Server;
  const atServer = new Set<Socket>();
  const clients: Client[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => {
      atServer.add(socket.on('error', () => undefined).on('close', () => atServer.delete(socket)));
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const target = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
    proxies = await openProxies([
      { name: 'a>echo', target },
      { name: 'b>echo', target },
      { name: 'a>nobody', target: '127.0.0.1:1' },
    ]);
  });

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await proxies.close();
    for (const socket of atServer) socket.destroy();
    echo.close();
    await once(echo, 'close');
  });

  /** A client through a link, with what it has heard and how it ended. */
  class Client {
    heard = Buffer.alloc(0);
    end: string | undefined;
    private constructor(readonly socket: Socket) {
      clients.push(this);
      socket.on('data', (bytes: Buffer) => (this.heard = Buffer.concat([this.heard, bytes])));
      socket.on('end', () => (this.end ??= 'in order'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.end ??= code ?? 'error'));
    }
    static async open(link = 'a>echo'): Promise<Client> {
      const [host, port] = proxies.addressOf(link).split(':');
      const client = new Client(connect(Number(port), host));
      await Promise.race([once(client.socket, 'connect'), once(client.socket, 'close')]).catch(() => undefined);
      return client;
    }
    async hears(text: string): Promise<void> {
      await until(() => this.heard.toString() === text, `it heard ${this.heard.toString()} and not ${text}`);
    }
    async ends(): Promise<string | undefined> {
      await until(() => this.end !== undefined, 'the connection goes on');
      return this.end;
    }
  }

  it('passes all bytes in order, however many, and an end in order', async () => {
    const client = await Client.open();
    const sent = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 7) % 251));
    client.socket.end(sent);
    expect(await client.ends()).toBe('in order');
    expect(client.heard.equals(sent)).toBe(true);
  });

  it('resets every connection, and takes new ones', async () => {
    const [one, other] = [await Client.open(), await Client.open('b>echo')];
    one.socket.write('x');
    await one.hears('x');
    proxies.link('a>echo').reset();
    expect(await one.ends()).toBe('ECONNRESET');
    const next = await Client.open();
    next.socket.write('y');
    await next.hears('y');
    other.socket.write('z');
    await other.hears('z');
    expect(other.end).toBeUndefined();
  });

  it('swallows bytes of old and new connections, and breaks those that lost some when it is healed', async () => {
    const [speaks, silent] = [await Client.open(), await Client.open()];
    for (const client of [speaks, silent]) client.socket.write('1');
    await speaks.hears('1');
    await silent.hears('1');
    proxies.link('a>echo').blackhole();
    const late = await Client.open();
    speaks.socket.write('2');
    late.socket.write('2');
    await sleep(150);
    expect([speaks.heard, late.heard].map(String)).toEqual(['1', '']);
    expect([speaks.end, late.end]).toEqual([undefined, undefined]);
    proxies.link('a>echo').heal();
    expect([await speaks.ends(), await late.ends()]).toEqual(['ECONNRESET', 'ECONNRESET']);
    silent.socket.write('3');
    await silent.hears('13');
  });

  it('hides the end of one side from the other while it swallows', async () => {
    const client = await Client.open();
    client.socket.write('1');
    await client.hears('1');
    proxies.link('a>echo').blackhole();
    for (const socket of atServer) socket.resetAndDestroy();
    await sleep(100);
    expect(client.end).toBeUndefined();
    proxies.link('a>echo').heal();
    expect(await client.ends()).toBe('ECONNRESET');
  });

  it('delays each way, in order, and not at all when it is healed', async () => {
    const client = await Client.open();
    proxies.link('a>echo').delay(100, 50);
    const startedMs = performance.now();
    for (let index = 0; index < 10; index++) {
      client.socket.write(String(index));
      await sleep(5);
    }
    await client.hears('0123456789');
    expect(performance.now() - startedMs).toBeGreaterThan(100);
    client.socket.write('-');
    await sleep(10);
    proxies.link('a>echo').heal();
    const healedMs = performance.now();
    await client.hears('0123456789-');
    expect(performance.now() - healedMs).toBeLessThan(90);
  });

  it('lets through so many bytes a second, all connections together', async () => {
    const [one, other] = [await Client.open(), await Client.open()];
    proxies.link('a>echo').throttle(8 * 1024);
    const startedMs = performance.now();
    for (const client of [one, other]) client.socket.write(Buffer.alloc(2048, 'x'));
    await until(() => one.heard.length + other.heard.length === 4096, 'not all came');
    expect(performance.now() - startedMs).toBeGreaterThan(450);
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('refuses new connections and ends old ones in order, until it is healed', async () => {
    const old = await Client.open();
    proxies.link('a>echo').refuse();
    expect(await old.ends()).toBe('in order');
    expect((await Client.open()).end).toBe('ECONNREFUSED');
    proxies.link('a>echo').heal();
    await until(async () => (await Client.open()).end === undefined, 'it refuses still');
    const again = await Client.open();
    again.socket.write('x');
    await again.hears('x');
  });

  it('holds back the end of a connection', async () => {
    const client = await Client.open();
    proxies.link('a>echo').closeSlowly(200);
    const startedMs = performance.now();
    client.socket.end('x');
    expect(await client.ends()).toBe('in order');
    expect(performance.now() - startedMs).toBeGreaterThan(300);
    expect(client.heard.toString()).toBe('x');
  });

  it('resets who asks for a target that is not there', async () => {
    const client = await Client.open('a>nobody');
    expect(await client.ends()).toBe('ECONNRESET');
  });

  it('is named where it does not exist', () => {
    expect(() => proxies.link('c>echo')).toThrow('there is no link c>echo');
  });

  it('that leads elsewhere has no commits to drop', async () => {
    await expect(proxies.link('a>echo').dropCommitAnswer()).rejects.toThrow('does not lead to PostgreSQL');
  });
});

describe('a link to PostgreSQL', () => {
  const serverUrl = new URL(process.env.PARADESK_TEST_POSTGRES ?? '');
  let direct: pg.Client;
  let throughProxy: pg.Client;
  let table: string;

  beforeEach(async () => {
    proxies = await openProxies([{ name: 'billing>postgres', target: serverUrl.host }]);
    direct = new pg.Client(serverUrl.href);
    await direct.connect();
    table = `drops_${Math.random().toString(36).slice(2)}`;
    await direct.query(`create table ${table} (id int primary key deferrable initially deferred)`);
    throughProxy = await aClient();
  });

  afterEach(async () => {
    await throughProxy.end().catch(() => undefined);
    await proxies.close();
    await direct.query(`drop table ${table}`);
    await direct.end();
  });

  async function aClient(): Promise<pg.Client> {
    const url = new URL(serverUrl);
    url.host = proxies.addressOf('billing>postgres');
    const client = new pg.Client(url.href);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async function rows(): Promise<number[]> {
    const found = await direct.query<{ id: number }>(`select id from ${table} order by id`);
    return found.rows.map(({ id }) => id);
  }

  it.each([
    { name: 'a simple query', commit: 'commit' },
    { name: 'a simple query with a space before it', commit: ' COMMIT;' },
    { name: 'a prepared statement', commit: { name: 'end', text: 'commit', values: [] } },
  ])('loses the answer to a COMMIT by $name, which has happened', async ({ commit }) => {
    const dropped = proxies.link('billing>postgres').dropCommitAnswer();
    await throughProxy.query('begin');
    await throughProxy.query(`insert into ${table} values ($1)`, [1]);
    await expect(throughProxy.query(commit)).rejects.toThrow(/terminated|ECONNRESET/);
    await dropped;
    expect(await rows()).toEqual([1]);
    // One answer is lost, not the next.
    const next = await aClient();
    await next.query('begin');
    await next.query(`insert into ${table} values (2)`);
    await next.query('commit');
    await next.end();
    expect(await rows()).toEqual([1, 2]);
  });

  it('passes by a COMMIT that the server refuses, and waits for one that succeeds', async () => {
    const dropped = proxies.link('billing>postgres').dropCommitAnswer();
    await direct.query(`insert into ${table} values (1)`);
    await throughProxy.query('begin');
    await throughProxy.query(`insert into ${table} values (1)`);
    await expect(throughProxy.query('commit')).rejects.toMatchObject({ code: '23505' });
    await throughProxy.query('begin');
    await expect(throughProxy.query('select 1/0')).rejects.toMatchObject({ code: '22012' });
    // It answers ROLLBACK.
    await throughProxy.query('commit');
    await throughProxy.query('begin');
    await throughProxy.query(`insert into ${table} values (2)`);
    await expect(throughProxy.query('commit')).rejects.toThrow(/terminated|ECONNRESET/);
    await dropped;
    expect(await rows()).toEqual([1, 2]);
  });

  it('loses only the answer of a transaction that ran such a statement', async () => {
    const dropped = proxies.link('billing>postgres').dropCommitAnswer(/insert into drops_/);
    await throughProxy.query('begin');
    await throughProxy.query(`select count(*) from ${table}`);
    await throughProxy.query('commit');
    await throughProxy.query('begin');
    await throughProxy.query({ name: 'enter', text: `insert into ${table} values ($1)`, values: [1] });
    await expect(throughProxy.query('commit')).rejects.toThrow(/terminated|ECONNRESET/);
    await dropped;
    expect(await rows()).toEqual([1]);
  });

  it('breaks the connection of one that commits at the same time as others, and not theirs', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, aClient));
    const dropped = proxies.link('billing>postgres').dropCommitAnswer();
    const commits = clients.map(async (client, index) => {
      await client.query('begin');
      await client.query(`insert into ${table} values ($1)`, [index]);
      await client.query('commit');
    });
    const outcomes = await Promise.allSettled(commits);
    await dropped;
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await rows()).toEqual([0, 1, 2, 3, 4]);
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  });

  it('passes all when it is healed before a COMMIT came', async () => {
    void proxies.link('billing>postgres').dropCommitAnswer();
    await throughProxy.query('begin');
    proxies.link('billing>postgres').heal();
    await throughProxy.query(`insert into ${table} values (1)`);
    await throughProxy.query('commit');
    expect(await rows()).toEqual([1]);
  });
});

async function until(isSo: () => boolean | Promise<boolean>, orElse: string): Promise<void> {
  for (const end = performance.now() + 5_000; performance.now() < end;) {
    if (await isSo()) return;
    await sleep(5);
  }
  throw new Error(orElse);
}
