import { assignment } from '@paradesk/assignment';
import { billing } from '@paradesk/billing';
import { communications } from '@paradesk/communications';
import { documents } from '@paradesk/documents';
import { identity } from '@paradesk/identity';
import { migrate } from '@paradesk/platform';

// Brings one service's database up to date. Operators run it before the new release of the service.
const services = [identity, assignment, billing, documents, communications];
const [name] = process.argv.slice(2);
const service = services.find((one) => one.name === name);
const { DATABASE_OWNER_URL: ownerUrl, DATABASE_ROLE: runtimeRole } = process.env;

const problems = [
  ...(service ? [] : [`name one of ${services.map((one) => one.name).join(', ')}: npm run migration -- billing`]),
  ...(ownerUrl ? [] : ['DATABASE_OWNER_URL is not set: the postgres:// URL of the role that owns the tables']),
  ...(runtimeRole ? [] : ['DATABASE_ROLE is not set: the role that the service runs as']),
];
if (problems.length > 0 || !service || !ownerUrl || !runtimeRole) {
  for (const problem of problems) console.error(problem);
  process.exit(1);
}

const ran = await migrate({ ownerUrl, runtimeRole, migrations: service.migrations });
console.log(ran.length > 0 ? `${service.name}: ${ran.join(', ')}` : `${service.name} is up to date`);
