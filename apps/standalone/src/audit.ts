import { openSystem } from './audit/systems.js';
import { verifySystem } from './audit/verify-system.js';

// Verifies the audit trails of all services and tenants. A line for each fault, and the sum as JSON in the last one.
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`audit: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
// Connections that are kept open for a next request must not keep the process.
process.exit();

async function main(args: readonly string[]): Promise<number> {
  if (args.length !== 1 || args[0] !== 'verify') throw new Error('takes verify: npm run audit -- verify');
  const system = await openSystem(process.env);
  try {
    const { records, heads, faults } = await verifySystem(system);
    for (const { service, tenantId, sequence, what } of faults)
      console.log(`${service}  ${tenantId}  ${sequence ?? '-'}  ${what}`);
    console.log(
      faults.length > 0
        ? `${faults.length} faults in ${records} records and ${heads} signed heads.`
        : `${records} records are as they were sealed, and agree with ${heads} signed heads.`,
    );
    console.log(JSON.stringify({ audit: { records, heads, faults: faults.length } }));
    return faults.length > 0 ? 1 : 0;
  } finally {
    await system.close();
  }
}
