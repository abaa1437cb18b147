import { topics } from '@paradesk/contracts';
import { ensureTopics } from '@paradesk/platform';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StandaloneProcess } from './standalone-process.js';
import { describeTelemetry } from './telemetry/telemetry.conformance.js';

const brokers = process.env['PARADESK_KAFKA'] ?? '';

describeTelemetry('telemetry of the system in processes, on Kafka', {
  processes: 6,
  start: async (env) => {
    const scratch = mkdtempSync(join(tmpdir(), 'paradesk-telemetry-'));
    await ensureTopics(brokers.split(','), Object.values(topics));
    const system = await StandaloneProcess.start(join(scratch, 'data'), 0, {
      entry: 'services',
      env: { ...env, KAFKA_BROKERS: brokers },
    });
    return {
      file: system.file,
      get output() {
        return system.output + system.errors;
      },
      databaseUrl: (service) => system.databaseUrl(service),
      stop: async () => {
        await system.end('SIGTERM');
        rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  },
});
