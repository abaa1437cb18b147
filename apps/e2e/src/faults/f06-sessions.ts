import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Fault } from './fault.js';

const ROUNDS = { smoke: 12, soak: 50 } as const;
const EXHAUSTED_MS = 4_000;
const TAKING_ROUNDS = 3;

const sessions = `select pid from pg_stat_activity where application_name <> '' and pid <> pg_backend_pid() and backend_type = 'client backend'
  and usename <> 'postgres'`;

const sessionsEnded: Fault = {
  id: 'F6',
  title: 'random sessions are terminated',
  times: { smoke: 1, soak: 20 },
  async inject(world, random) {
    let ended = 0;
    for (let round = 0; round < ROUNDS[world.programme]; round++) {
      const found = await world.postgres.query<{ pid: number }>('billing', sessions);
      const pids = found.map(({ pid }) => pid).filter(() => random.integer(6) === 0);
      await world.postgres.query('billing', 'select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids]);
      ended += pids.length;
      await sleep(250);
    }
    return { what: `${ended} sessions` };
  },
};

const connectionsTaken: Fault = {
  id: 'F6',
  title: 'no connection is left',
  times: { smoke: 1, soak: 20 },
  async inject({ postgres }) {
    const held: pg.Client[] = [];
    try {
      await takeAll(postgres.superuserUrl, held);
      await sleep(EXHAUSTED_MS);
    } finally {
      await Promise.all(held.map((client) => client.end().catch(() => undefined)));
    }
    return { what: `${held.length} of PostgreSQL's connections held, the services' own ended` };
  },
};

/** Ends the services' sessions and takes their places, and all that were free; the services win some of them back. */
async function takeAll(url: string, held: pg.Client[]): Promise<void> {
  // The first place taken: later there is none to end sessions from.
  const first = new pg.Client(url);
  first.on('error', () => undefined);
  held.push(first);
  await first.connect();
  for (let round = 0; round < TAKING_ROUNDS; round++) {
    await first.query(`select pg_terminate_backend(pid) from (${sessions}) as ours`);
    held.push(...(await takeUntilRefused(url)));
  }
}

async function takeUntilRefused(url: string): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
    } catch {
      return taken;
    }
  }
}

/** F6: sessions end at any moment, and new ones are refused. */
export const sessionFaults: readonly Fault[] = [sessionsEnded, connectionsTaken];
