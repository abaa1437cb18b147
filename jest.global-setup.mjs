// One real PostgreSQL for the whole run, in memory-like settings; suites copy their databases from migrated templates.
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function start() {
  if (process.env.PARADESK_TEST_POSTGRES) return;
  const { startEmbeddedPostgres } = await import('./libs/platform/dist/embedded-postgres.js');
  const folder = mkdtempSync(join(tmpdir(), 'paradesk-test-'));
  const server = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), durable: false, maxConnections: 200 });
  process.env.PARADESK_TEST_POSTGRES = server.url;
  globalThis.stopTestPostgres = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
