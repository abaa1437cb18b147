/** What a bench found: the fields of its last line. */
type Findings = Readonly<Record<string, number>>;

const benches: Readonly<Record<string, () => Promise<{ measure(): Promise<Findings> }>>> = {
  rpc: () => import('./rpc.js'),
  start: () => import('./start.js'),
  gateway: () => import('./gateway.js'),
  access: () => import('./access.js'),
  events: () => import('./events.js'),
  tenants: () => import('./tenants.js'),
  'billing-run': () => import('./billing-run.js'),
  'kafka-clients': () => import('./kafka-clients.js'),
  encryption: () => import('./encryption.js'),
};

const [name = ''] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!bench) {
  console.error(`npm run bench -- NAME     NAME is one of ${Object.keys(benches).join(', ')}`);
  process.exit(1);
}
try {
  const { measure } = await bench();
  const findings = await measure();
  console.log(JSON.stringify({ bench: name, ...findings }));
  process.exit();
} catch (error) {
  console.error(`the bench ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(1);
}
