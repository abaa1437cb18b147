import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Bootstrap, startSystem } from '@paradesk/standalone';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveParent } from './child.js';
import type { SystemReady } from './gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'paradesk-bench-'));
const system = await startSystem({ folder, port: 0 });
const bootstrap = new Bootstrap(system.secrets.signingKeys, system.addresses);
const { tenantId, api, keys } = system.file;
const ready: SystemReady = {
  api,
  apiKey: keys.operationsManager,
  identity: system.addresses.identity ?? '',
  tenantId,
};
// The caller of the direct calls is another service, as it would be without the gateway.
const token = () => bootstrap.tokenFor({ tenantId, role: Role.SERVICE, service: 'billing' }, 'identity');
serveParent(ready, { token }, async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});
