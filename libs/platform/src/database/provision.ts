import pg from 'pg';

/** A service's database and its two roles. */
export interface ProvisionedDatabase {
  /** URL of the role that owns the tables and runs migrations. */
  readonly ownerUrl: string;
  /** URL of the role that serves. */
  readonly runtimeUrl: string;
  readonly runtimeRole: string;
}

/**
 * Makes a database with an owner and a run-time role where they are missing; sets the roles' password. For standalone and tests:
 * in production the operators make them.
 *
 * @param superuserUrl URL of a role that may create roles and databases
 * @param name name of the database, such as `paradesk_billing`; lower case, digits and `_`
 * @param template a database to copy, for tests
 */
export async function provisionDatabase(
  superuserUrl: string,
  name: string,
  password: string,
  template?: string,
): Promise<ProvisionedDatabase> {
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name)) throw new Error(`${name} is no name for a database`);
  const roles = template ?? name;
  const owner = `${roles}_owner`;
  const client = new pg.Client(superuserUrl);
  await client.connect();
  try {
    // Roles are the cluster's: two who set the same one up at once would be refused by the server. Released with the connection.
    await client.query('select pg_advisory_lock(hashtext($1))', [`role ${roles}`]);
    for (const role of [owner, roles]) await ensureRole(client, role, password);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (!rowCount)
      await client.query(
        `create database ${name} owner ${owner} ${template ? `template ${template} strategy file_copy` : ''}`,
      );
    await client.query(`revoke connect, temporary on database ${name} from public`);
    await client.query(`grant connect on database ${name} to ${roles}`);
  } finally {
    await client.end();
  }
  return {
    ownerUrl: urlOf(superuserUrl, name, owner, password),
    runtimeUrl: urlOf(superuserUrl, name, roles, password),
    runtimeRole: roles,
  };
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  const attributes = `login nosuperuser nobypassrls nocreatedb nocreaterole password ${pg.escapeLiteral(password)}`;
  await client.query(`${rowCount ? 'alter' : 'create'} role ${role} ${attributes}`);
}

function urlOf(superuserUrl: string, database: string, user: string, password: string): string {
  const url = new URL(superuserUrl);
  url.username = user;
  url.password = encodeURIComponent(password);
  url.pathname = `/${database}`;
  return url.href;
}
