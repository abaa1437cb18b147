import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, newId } from '@paradesk/kernel';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { Database, Tx } from '../src/database/database.js';
import { answerOnce, type Answer, type KeyedCommand } from '../src/database/idempotency.js';
import { isolateByTenant } from '../src/database/row-level-security.js';
import { PlatformDatabase } from './platform-database.js';

/** What a command does: one row each time that it takes effect. */
class CreateEffects1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table effects (
        tenant_id uuid not null,
        id uuid not null default gen_random_uuid(),
        name text not null,
        primary key (tenant_id, id)
      )`);
    await isolateByTenant(runner, 'effects');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table effects');
  }
}

let db: PlatformDatabase;
let database: Database;
const tenantId = newId(Date.now());
const otherTenantId = newId(Date.now());
const issue = '/paradesk.billing.v1.InvoicesService/IssueInvoice';

beforeAll(async () => {
  db = await PlatformDatabase.open([CreateEffects1767225600000]);
  database = await db.connect({ poolSize: 12 });
});

afterAll(() => db.close());

beforeEach(() => db.superuser.query('truncate effects, idempotency_keys'));

// Whatever happened: a key is kept with its answer or not at all.
afterEach(async () => {
  expect(await db.rows('select key from idempotency_keys where response is null')).toEqual([]);
});

const aCommand = (changes: Partial<KeyedCommand> = {}): KeyedCommand => ({
  key: 'key-1',
  method: issue,
  tenantId,
  callerId: 'ada',
  caller: { tenantId },
  mattersIn: () => [],
  request: Buffer.from('invoice 7'),
  ...changes,
});

const takeEffect = (tx: Tx, name = 'issued') =>
  tx.query('insert into effects (tenant_id, name) values ($1, $2)', [tx.tenantId, name]);

/** A use case: one transaction, and the answer after it. */
const issuing =
  (answer: string, work: (tx: Tx) => Promise<unknown> = (tx) => takeEffect(tx)) =>
  async (): Promise<Uint8Array> => {
    await database.transaction({ tenantId }, work);
    return Buffer.from(answer);
  };

const textOf = ({ response, replayed }: Answer) => ({ answer: Buffer.from(response).toString(), replayed });
const effects = async () =>
  (await db.rows<{ name: string }>('select name from effects order by name')).map(({ name }) => name);
const keys = async () =>
  (await db.rows<{ key: string }>('select key from idempotency_keys order by key')).map(({ key }) => key);

describe('a command with a key', () => {
  it('commits its effect, its key and its answer together', async () => {
    const seenBefore: unknown[] = [];
    const answered = await answerOnce(aCommand(), async () => {
      const answer = await issuing('first')();
      seenBefore.push(await effects(), await keys());
      return answer;
    });
    expect(seenBefore).toEqual([[], []]);
    expect(textOf(answered)).toEqual({ answer: 'first', replayed: false });
    expect(await effects()).toEqual(['issued']);
    const [kept] = await db.rows<{ response: Buffer }>('select * from idempotency_keys');
    expect(kept).toMatchObject({ tenant_id: tenantId, caller_id: 'ada', method: issue, key: 'key-1' });
    expect(kept?.response.toString()).toBe('first');
  });

  it('is answered with the first answer when it is sent again, and has no effect', async () => {
    await answerOnce(aCommand(), issuing('first'));
    for (const answer of ['second', 'third']) {
      expect(textOf(await answerOnce(aCommand(), issuing(answer)))).toEqual({ answer: 'first', replayed: true });
    }
    expect(await effects()).toEqual(['issued']);
  });

  it('keeps of its answer what may be kept', async () => {
    const withoutSecret = () => Buffer.from('kept');
    const first = await answerOnce(aCommand(), issuing('with its secret'), withoutSecret);
    const second = await answerOnce(aCommand(), issuing('with its secret'), withoutSecret);
    expect(textOf(first)).toEqual({ answer: 'with its secret', replayed: false });
    expect(textOf(second)).toEqual({ answer: 'kept', replayed: true });
  });

  it('may have an empty answer', async () => {
    await answerOnce(aCommand(), issuing(''));
    expect(textOf(await answerOnce(aCommand(), issuing('second')))).toEqual({ answer: '', replayed: true });
  });

  it('keeps its key with who calls, even where it works for another tenant', async () => {
    const opening = async () => {
      await database.transaction({ tenantId: otherTenantId }, (tx) => takeEffect(tx, 'opened'));
      return Buffer.from('opened');
    };
    await answerOnce(aCommand(), opening);
    expect(textOf(await answerOnce(aCommand(), opening))).toEqual({ answer: 'opened', replayed: true });
    expect(await db.rows('select tenant_id, name from effects')).toEqual([
      { tenant_id: otherTenantId, name: 'opened' },
    ]);
    expect(await db.rows('select tenant_id from idempotency_keys')).toEqual([{ tenant_id: tenantId }]);
  });

  it('is done again as a whole after a serialization failure', async () => {
    let attempts = 0;
    const answered = await answerOnce(
      aCommand(),
      issuing('first', async (tx) => {
        attempts += 1;
        await takeEffect(tx, `attempt ${attempts}`);
        if (attempts === 1) await tx.query(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`);
      }),
    );
    expect(textOf(answered)).toEqual({ answer: 'first', replayed: false });
    expect(await effects()).toEqual(['attempt 2']);
  });

  it('forgets keys older than seven days, ten at a time, as new ones come', async () => {
    for (let n = 0; n < 12; n++) await answerOnce(aCommand({ key: `old-${n}` }), issuing('old'));
    await db.superuser.query("update idempotency_keys set created_at = now() - interval '8 days'");
    await answerOnce(aCommand({ key: 'new-1' }), issuing('new'));
    expect(await keys()).toHaveLength(3);
    await answerOnce(aCommand({ key: 'new-2' }), issuing('new'));
    expect(await keys()).toEqual(['new-1', 'new-2']);
  });

  it('keeps nothing where it has no transaction', async () => {
    const looking = () => Promise.resolve(Buffer.from('nothing to do'));
    expect(textOf(await answerOnce(aCommand(), looking))).toEqual({ answer: 'nothing to do', replayed: false });
    expect(await keys()).toEqual([]);
  });
});

describe('two of the same key at once', () => {
  it('take effect once: the second waits for the answer of the first', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = answerOnce(
      aCommand(),
      issuing('first', async (tx) => {
        await takeEffect(tx);
        await gate;
      }),
    );
    let secondWorked = false;
    const second = waitingForOneIn(first, () =>
      answerOnce(
        aCommand(),
        issuing('second', async (tx) => {
          secondWorked = true;
          await takeEffect(tx);
        }),
      ),
    );
    await blocked(1);
    expect(secondWorked).toBe(false);
    open();
    expect(textOf(await first)).toEqual({ answer: 'first', replayed: false });
    expect(textOf(await second)).toEqual({ answer: 'first', replayed: true });
    expect(secondWorked).toBe(false);
    expect(await effects()).toEqual(['issued']);
  });

  it('take effect once where the first is given up: the second does it', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = answerOnce(
      aCommand(),
      issuing('first', async (tx) => {
        await takeEffect(tx, 'undone');
        await gate;
        throw DomainError.refused('NOT_NOW', 'the state does not allow it');
      }),
    );
    const second = waitingForOneIn(first, () => answerOnce(aCommand(), issuing('second')));
    await blocked(1);
    open();
    await expect(first).rejects.toMatchObject({ reason: 'NOT_NOW' });
    expect(textOf(await second)).toEqual({ answer: 'second', replayed: false });
    expect(await effects()).toEqual(['issued']);
  });

  it('take effect once, however many there are', async () => {
    const sent = Array.from({ length: 10 }, (_, index) => answerOnce(aCommand(), issuing(`answer ${index}`)));
    const answers = (await Promise.all(sent)).map(textOf);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.map(({ answer }) => answer)).size).toBe(1);
    expect(await effects()).toEqual(['issued']);
  });

  it('with different requests: the second is refused', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = answerOnce(
      aCommand(),
      issuing('first', (tx) => takeEffect(tx).then(() => gate)),
    );
    const second = waitingForOneIn(first, () =>
      answerOnce(aCommand({ request: Buffer.from('invoice 8') }), issuing('second')),
    );
    await blocked(1);
    open();
    await first;
    await expect(second).rejects.toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await effects()).toEqual(['issued']);
  });
});

describe('a command that fails', () => {
  it.each<[string, () => Promise<Uint8Array>]>([
    [
      'in its use case',
      issuing('never', async (tx) => {
        await takeEffect(tx);
        throw DomainError.refused('NOT_NOW', 'the state does not allow it');
      }),
    ],
    [
      'in the database',
      issuing('never', async (tx) => {
        await takeEffect(tx);
        await tx.query('select 1 / 0');
      }),
    ],
    [
      'while its answer is made',
      async () => {
        await issuing('never')();
        throw new Error('the answer cannot be encoded');
      },
    ],
  ])('%s keeps neither effect nor key, and may be sent again', async (_name, failing) => {
    await expect(answerOnce(aCommand(), failing)).rejects.toThrow();
    expect(await effects()).toEqual([]);
    expect(await keys()).toEqual([]);
    const again = await answerOnce(aCommand({ request: Buffer.from('invoice 7, mended') }), issuing('second'));
    expect(textOf(again)).toEqual({ answer: 'second', replayed: false });
    expect(await effects()).toEqual(['issued']);
  });

  it('because its connection is lost before the commit keeps neither, and may be sent again', async () => {
    let pid = 0;
    const cutOff = async () => {
      const answer = await issuing('lost', async (tx) => {
        await takeEffect(tx);
        [{ pid }] = (await tx.query('select pg_backend_pid() as pid')) as [{ pid: number }];
      })();
      await terminate(pid);
      return answer;
    };
    await expect(answerOnce(aCommand(), cutOff)).rejects.toThrow();
    expect(await effects()).toEqual([]);
    expect(await keys()).toEqual([]);
    expect(textOf(await answerOnce(aCommand(), issuing('second')))).toEqual({ answer: 'second', replayed: false });
    expect(await effects()).toEqual(['issued']);
  });

  it('lets go of its connection, each time', async () => {
    const single = await db.connect({ poolSize: 1 });
    const using = (work: (tx: Tx) => Promise<unknown>) => async () => {
      await single.transaction({ tenantId }, work);
      return Buffer.from('answer');
    };
    await expect(
      answerOnce(
        aCommand(),
        using(() => Promise.reject(new Error('refused'))),
      ),
    ).rejects.toThrow('refused');
    await answerOnce(
      aCommand(),
      using((tx) => takeEffect(tx)),
    );
    await answerOnce(
      aCommand(),
      using((tx) => takeEffect(tx)),
    );
    await expect(
      answerOnce(
        aCommand({ request: Buffer.from('x') }),
        using((tx) => takeEffect(tx)),
      ),
    ).rejects.toThrow();
    expect(await single.ping()).toBe(true);
    expect(await effects()).toEqual(['issued']);
  });
});

describe('a key', () => {
  it('that came with another request is refused, and names the field', async () => {
    await answerOnce(aCommand(), issuing('first'));
    const other = answerOnce(aCommand({ request: Buffer.from('invoice 8') }), issuing('second'));
    await expect(other).rejects.toMatchObject({
      kind: 'refused',
      reason: 'IDEMPOTENCY_KEY_REUSED',
      violations: [{ field: 'Idempotency-Key', description: 'came with another request before' }],
    });
    expect(await effects()).toEqual(['issued']);
  });

  it.each<[string, Partial<KeyedCommand>]>([
    ['another person', { callerId: 'bob' }],
    ['another tenant', { tenantId: otherTenantId }],
    ['another RPC', { method: '/paradesk.billing.v1.InvoicesService/ApproveInvoice' }],
    ['another command', { key: 'key-2' }],
  ])('of %s is another key', async (_name, changes) => {
    await answerOnce(aCommand(), issuing('first'));
    expect(textOf(await answerOnce(aCommand(changes), issuing('second')))).toEqual({
      answer: 'second',
      replayed: false,
    });
    expect(textOf(await answerOnce(aCommand(), issuing('third')))).toEqual({ answer: 'first', replayed: true });
    expect(await effects()).toEqual(['issued', 'issued']);
  });

  it('is seen by its own tenant only', async () => {
    await answerOnce(aCommand(), issuing('first'));
    const seen = (id: string) =>
      database.transaction({ tenantId: id }, (tx) => tx.query('select key from idempotency_keys'));
    expect(await seen(tenantId)).toHaveLength(1);
    expect(await seen(otherTenantId)).toEqual([]);
  });
});

describe('the transaction of a command', () => {
  const twice = 'a command has one transaction';

  it('is the only one: another is refused at once, and nothing is kept', async () => {
    const two = answerOnce(aCommand(), async () => {
      await issuing('first')();
      return issuing('second')();
    });
    await expect(two).rejects.toThrow(twice);
    expect(await effects()).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  it('is the only one, side by side too: the one that nobody waits for is undone', async () => {
    let first: Promise<unknown> | undefined;
    const two = answerOnce(aCommand(), async () => {
      first = issuing('first')();
      first.catch(() => undefined);
      return issuing('second')();
    });
    await expect(two).rejects.toThrow(twice);
    await expect(first).rejects.toThrow('the command has ended already');
    expect(await effects()).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  it('may follow one that failed', async () => {
    const answered = await answerOnce(aCommand(), async () => {
      await issuing('never', () => Promise.reject(new Error('taken')))().catch(() => undefined);
      return issuing('second')();
    });
    expect(textOf(answered)).toEqual({ answer: 'second', replayed: false });
    expect(await effects()).toEqual(['issued']);
  });

  it('has others beside it that are no part of the command', async () => {
    const failing = answerOnce(aCommand(), async () => {
      await database.beside({ tenantId }, (tx) => takeEffect(tx, 'copied'));
      return issuing('never', () => Promise.reject(new Error('refused')))();
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await effects()).toEqual(['copied']);
    expect(await keys()).toEqual([]);
  });
});

/** Starts the second only when the first holds its key. */
async function waitingForOneIn(first: Promise<unknown>, second: () => Promise<Answer>): Promise<Answer> {
  first.catch(() => undefined);
  // Not earlier: a transaction that has only begun does not hold the key yet.
  await until('the first is at work', async () => {
    const open = await db.rows(
      `select from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction' and query like 'insert into effects%'`,
    );
    return open.length > 0;
  });
  return second();
}

async function blocked(count: number): Promise<void> {
  await until(`${count} wait for a lock`, async () => {
    const waiting = await db.rows(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting.length === count;
  });
}

async function terminate(pid: number): Promise<void> {
  await db.superuser.query('select pg_terminate_backend($1)', [pid]);
  await until('the connection is gone', async () => {
    return (await db.rows('select from pg_stat_activity where pid = $1', [pid])).length === 0;
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 10) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`within 10 s it did not happen that ${what}`);
}
