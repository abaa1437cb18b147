import type { Database } from '@paradesk/platform';
import { RateLimiterPostgres } from 'rate-limiter-flexible';

/**
 * Counters in the database, in the table `rate_limits` that a migration made. Each statement commits for itself, whatever becomes of the
 * request, and takes no lock for longer than that.
 *
 * @param name of what is counted: the key of a counter in the table is `name:id`
 * @param points how many there may be
 * @param seconds after the first one until counting begins anew
 */
export function counters(database: Database, name: string, points: number, seconds: number): RateLimiterPostgres {
  const storeClient = {
    query: async (sql: { name: string; text: string; values: unknown[] }) => {
      const rows = await database.statement(sql.name, sql.text, sql.values);
      return { rows, rowCount: rows.length };
    },
  };
  return new RateLimiterPostgres({
    storeClient,
    storeType: 'pool',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix: name,
    points,
    duration: seconds,
  });
}
