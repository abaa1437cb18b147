import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Database } from '../src/database/database.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/embedded-postgres.js';
import { CertificateAuthority } from './certificate-authority.js';

let authority: CertificateAuthority;
let other: CertificateAuthority;
let server: EmbeddedPostgres;
const folder = mkdtempSync(join(tmpdir(), 'paradesk-tls-'));

// A server of this suite's own, which speaks TLS with a certificate of `names`.
async function secureServer(names: readonly string[], addresses: readonly string[]): Promise<void> {
  const client = new pg.Client(server.url);
  await client.connect();
  const { rows } = await client.query<{ data: string }>(`select current_setting('data_directory') as data`);
  const data = rows[0]!.data;
  const { certificate, key } = await authority.issue({ names, addresses });
  const { uid, gid } = statSync(data);
  for (const [from, to] of [
    [certificate, join(data, 'server.crt')],
    [key, join(data, 'server.key')],
  ] as const) {
    copyFileSync(from, to);
    chownSync(to, uid, gid);
  }
  await client.query('alter system set ssl = on');
  await client.query('select pg_reload_conf()');
  await client.end();
}

beforeAll(async () => {
  authority = await CertificateAuthority.make();
  other = await CertificateAuthority.make('Another CA');
  server = await startEmbeddedPostgres({ folder, durable: false });
  await secureServer(['db.paradesk.svc'], ['127.0.0.1']);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  authority.close();
  other.close();
});

function connectTo(sslrootcert: string, sslmode = 'verify-full', host = '127.0.0.1'): Promise<Database> {
  const url = new URL(server.url);
  url.hostname = host;
  url.search = new URLSearchParams({ sslmode, sslrootcert }).toString();
  return Database.connect({ url: url.href, entities: [], waiting: { waitMs: 0 } });
}

describe('a database with sslmode=verify-full', () => {
  it('is reached by TLS: by transactions, and by what takes connections from the pool', async () => {
    const database = await connectTo(authority.path);
    const query = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
    expect(await database.system((tx) => tx.query(query))).toEqual([{ ssl: true }]);
    expect((await database.pool.query(query)).rows).toEqual([{ ssl: true }]);
    await database.close();
  });

  it('is not reached where its certificate is of another CA', async () => {
    await expect(connectTo(other.path)).rejects.toThrow('does not take this service');
  });

  it('is not reached under a name that its certificate does not have', async () => {
    await expect(connectTo(authority.path, 'verify-full', 'localhost')).rejects.toThrow('does not take this service');
  });
});
