import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildOnce, StandaloneProcess } from './standalone-process.js';
import { describeTelemetry } from './telemetry/telemetry.conformance.js';

describeTelemetry('telemetry of the system in one process', {
  processes: 1,
  start: async (env) => {
    buildOnce();
    const scratch = mkdtempSync(join(tmpdir(), 'paradesk-telemetry-'));
    const system = await StandaloneProcess.start(join(scratch, 'data'), 0, { env });
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
