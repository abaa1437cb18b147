import { EmbeddedPostgresError } from '@paradesk/platform/embedded-postgres';
import { startSystem, type StandaloneFile } from './system.js';

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Paradesk needs Node 24 and this is ${process.version}. Start it with: npm start (the right Node comes with npm ci).`,
  );
  process.exit(1);
}

const folder = process.env.PARADESK_DATA ?? '.data/standalone';
const wantedPort = process.env.PORT || '8080';
const port = Number(wantedPort);
if (!/^\d{1,5}$/.test(wantedPort) || port > 65_534) {
  console.error('PORT takes a whole number from 0 to 65534.');
  process.exit(1);
}

// Whoever stops us kills after 10 s. What is not ended by then is as safe as after a power cut, and goes on at the next start.
const STOP_TIMEOUT_MS = 9000;

let stop: (() => Promise<void>) | undefined;
let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    AbortSignal.timeout(STOP_TIMEOUT_MS).addEventListener('abort', () => process.exit(0));
    void (stop?.() ?? Promise.resolve()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

try {
  const system = await startSystem({ folder, port, logLevel: process.env.LOG_LEVEL ?? 'warn' });
  stop = () => system.stop();
  if (stopping) await stop();
  else console.log(welcome(system.file, folder, port));
} catch (error) {
  console.error(explained(error));
  process.exit(1);
}

function welcome({ api, docs, signIn, mail, keys }: StandaloneFile, data: string, wanted: number): string {
  const moved = wanted !== 0 && !api.endsWith(`:${wanted}`) ? `  (port ${wanted} is in use)` : '';
  return `
Paradesk is running.

  API          ${api}${moved}
  Reference    ${docs}
  Sign in      ${signIn}
  Mail         ${mail}
  Data         ${data}

People sign in at the address above, as anybody of the demo. Programs sign in by an API key (Authorization: Bearer <key>):

  Operations manager           ${keys.operationsManager}
  Billing manager              ${keys.billingManager}
  Paralegal                    ${keys.paralegal}
  Virtual assistant            ${keys.virtualAssistant}
  Second tenant, operations    ${keys.secondTenantOperationsManager}
  Second tenant, billing       ${keys.secondTenantBillingManager}

Try    curl -H 'Authorization: Bearer ${keys.billingManager}' ${api}/v1/timeEntries
or     npm run demo     in another terminal: a month's work of a company, invoiced and mailed.
Stop   Ctrl-C
`;
}

function explained(error: unknown): string {
  if (error instanceof EmbeddedPostgresError) return `Paradesk cannot start: ${error.message}`;
  const code = (error as NodeJS.ErrnoException).code;
  // 53100 is PostgreSQL's own.
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === '53100')
    return `Paradesk cannot start: the disk of ${folder} is full. Free some space and start again.`;
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM')
    return `Paradesk cannot start: ${folder} cannot be written. Set PARADESK_DATA to a folder that can.`;
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return `Paradesk cannot start: ${folder} is no folder, a file stands in its way. Set PARADESK_DATA to a folder.`;
  return `Paradesk cannot start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
