import { metrics } from '@opentelemetry/api';
import type pg from 'pg';

/**
 * Reports how a service's connection pool is used, whenever metrics are read. Names are those of OpenTelemetry's database conventions.
 *
 * @param poolName the service's name
 * @returns ends the reports
 */
export function observePool(poolName: string, pool: pg.Pool): () => void {
  const meter = metrics.getMeter('paradesk.database');
  const upDown = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(`db.client.connection.${name}`, { unit, description });
  const count = upDown('count', '{connection}', 'Connections to the database, by state.');
  const max = upDown('max', '{connection}', 'Most connections that the pool opens.');
  const pending = upDown('pending_requests', '{request}', 'Transactions that wait for a connection.');
  const all = [count, max, pending];
  const ofPool = { 'db.client.connection.pool.name': poolName };
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { totalCount, idleCount, waitingCount } = pool;
    result.observe(count, idleCount, { ...ofPool, 'db.client.connection.state': 'idle' });
    result.observe(count, totalCount - idleCount, { ...ofPool, 'db.client.connection.state': 'used' });
    result.observe(max, pool.options.max, ofPool);
    result.observe(pending, waitingCount, ofPool);
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}
