import { afterAll, beforeAll, describe } from '@jest/globals';
import { topics } from '@paradesk/contracts';
import { ensureTopics } from '@paradesk/platform';
import { startProcesses, type RunningProcesses } from '@paradesk/standalone/processes';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildOnce } from './standalone-process.js';
import { refusesForgedTokens } from './tokens.conformance.js';

const brokers = process.env['PARADESK_KAFKA'] ?? '';

describe('tokens, with each service in a process of its own', () => {
  let folder: string;
  let system: RunningProcesses | undefined;
  beforeAll(async () => {
    buildOnce();
    folder = mkdtempSync(join(tmpdir(), 'paradesk-tokens-'));
    await ensureTopics(brokers.split(','), Object.values(topics));
    system = await startProcesses({ folder, port: 0, brokers, logLevel: 'fatal' });
  }, 240_000);
  afterAll(async () => {
    await system?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  refusesForgedTokens(() => system!);
});
