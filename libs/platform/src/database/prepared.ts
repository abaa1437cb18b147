import type pg from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';

/**
 * One statement of an open transaction, parsed and planned once for each connection: for what is said in nearly every transaction.
 *
 * @param on the transaction, or its runner
 * @param name of the statement, always the same for the same text
 * @throws the driver's error, as a query of the transaction does
 */
export async function prepared<Row>(
  on: EntityManager | Pick<QueryRunner, 'connect'>,
  name: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const runner = 'connect' in on ? on : on.queryRunner;
  if (!runner) throw new Error('a prepared statement needs an open transaction');
  const client: pg.PoolClient = await runner.connect();
  return (await client.query({ name, text, values: [...values] })).rows as Row[];
}
