import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { DomainError } from '@paradesk/kernel';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { firstHidden } from '../access/matter-access.js';
import { enterAs, type Seer } from '../access/visibility.js';
import { actSetting, currentAct } from '../audit/act.js';
import { crashPoint } from '../run/crash-points.js';
import { unavailableIfLost } from './lost-connections.js';
import { prepared } from './prepared.js';
import { isolateByTenant } from './row-level-security.js';

/** A command that its caller may send again under one key. */
export interface KeyedCommand {
  /** The caller's key; unique for who calls and which RPC. */
  readonly key: string;
  /** RPC path. */
  readonly method: string;
  /** The caller's tenant, whose the key is: not the one that the command works in where it opens a tenant. */
  readonly tenantId: string;
  /** Who calls: a key of one person is not another's. */
  readonly callerId: string;
  /** The caller as transactions take one: what they do not see any more, a stored answer does not tell them either. */
  readonly caller: Seer;
  /** UUIDs of the matters that an answer tells of. */
  readonly mattersIn: (response: Uint8Array) => readonly string[];
  /** The request as it came. */
  readonly request: Uint8Array;
}

/** What `Database.transaction` needs of the command that it works for. */
export interface IdempotentRequest {
  readonly command: KeyedCommand;
  /**
   * Runs the command's one transaction. A second one is refused before it starts: it would wait for the key that the first holds.
   *
   * @throws Error when the command has a transaction already
   */
  only<T>(transaction: () => Promise<T>): Promise<T>;
  handOver(runner: QueryRunner): void;
}

/** Thrown through the use case when the command was carried out before: its stored answer. */
class AlreadyAnswered extends Error {
  constructor(readonly response: Uint8Array) {
    super('the command was carried out before');
  }
}

const requests = new AsyncLocalStorage<IdempotentRequest>();

/** The keyed command that is being carried out, if any. */
export function currentRequest(): IdempotentRequest | undefined {
  return requests.getStore();
}

/** Runs `work` as if no keyed command were being carried out. */
export function outsideCommand<T>(work: () => T): T {
  return requests.exit(work);
}

/** An answer, and whether it is the stored one of an earlier call. */
export interface Answer {
  readonly response: Uint8Array;
  readonly replayed: boolean;
}

/**
 * Carries out a command at most once for its key. Key, effect and answer are committed together: the transaction of the
 * use case stays open until `respond` has made the answer, so no crash can part them, and a second call of the same key
 * waits for the first one at the key's row and gets its answer. A refused command stores nothing and may be sent again. Answers are kept
 * for seven days at least.
 *
 * @param respond runs the use case (one transaction) and encodes its answer
 * @param stored turns the answer into what may be kept (without secrets); the same bytes by default
 * @throws DomainError refused IDEMPOTENCY_KEY_REUSED when the key came with another request before; not-found MATTER_NOT_FOUND when the stored
 *   answer tells of a matter that the caller does not see any more
 */
export async function answerOnce(
  command: KeyedCommand,
  respond: () => Promise<Uint8Array>,
  stored: (response: Uint8Array) => Uint8Array = (response) => response,
): Promise<Answer> {
  let runner: QueryRunner | undefined;
  let begun = false;
  let ended = false;
  const request: IdempotentRequest = {
    command,
    async only(transaction) {
      if (begun) throw new Error('a command has one transaction');
      begun = true;
      try {
        return await transaction();
      } catch (error) {
        begun = false;
        throw error;
      }
    },
    handOver(open) {
      // Nobody would commit it any more: the transaction of a use case that did not wait for it is undone.
      if (ended) throw new Error('the command has ended already');
      runner = open;
    },
  };
  try {
    const response = await requests.run(request, respond);
    if (runner) await commitAnswer(runner, command, stored(response));
    return { response, replayed: false };
  } catch (error) {
    if (runner?.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    if (error instanceof AlreadyAnswered) return { response: error.response, replayed: true };
    throw unavailableIfLost(error);
  } finally {
    ended = true;
    await runner?.release();
  }
}

/** Takes the key for this transaction. Waits for another that holds it. @throws AlreadyAnswered with the stored answer */
export async function claimKey(runner: QueryRunner, { command }: IdempotentRequest): Promise<void> {
  await actFor(runner, command.tenantId);
  const claimed: unknown[] = await runner.query(
    // Every new key takes up to ten forgotten ones along, so that the table does not grow for ever.
    `with forgotten as (
       delete from idempotency_keys where (tenant_id, caller_id, method, key) in (
         select tenant_id, caller_id, method, key from idempotency_keys
         where tenant_id = $1 and created_at < now() - interval '7 days' limit 10 for update skip locked
       )
     )
     insert into idempotency_keys (tenant_id, caller_id, method, key, request_sha256) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning 1 as claimed`,
    [command.tenantId, command.callerId, command.method, command.key, hashOf(command.request)],
  );
  if (claimed.length > 0) return;
  const [known]: { request_sha256: Buffer; response: Buffer }[] = await runner.query(
    `select request_sha256, response from idempotency_keys where tenant_id = $1 and caller_id = $2 and method = $3 and key = $4`,
    [command.tenantId, command.callerId, command.method, command.key],
  );
  if (!known)
    throw new DomainError(
      'unavailable',
      'IDEMPOTENCY_KEY_BUSY',
      'the key was just given up by another call; try again',
    );
  if (!known.request_sha256.equals(hashOf(command.request))) {
    throw new DomainError(
      'refused',
      'IDEMPOTENCY_KEY_REUSED',
      'this idempotency key came with another request before',
      [{ field: 'Idempotency-Key', description: 'came with another request before' }],
    );
  }
  await enterAs(runner, command.caller);
  const hidden = await firstHidden(runner, command.mattersIn(known.response));
  if (hidden !== undefined) throw DomainError.notFound('matter', hidden);
  throw new AlreadyAnswered(known.response);
}

async function commitAnswer(runner: QueryRunner, command: KeyedCommand, response: Uint8Array): Promise<void> {
  await actFor(runner, command.tenantId);
  await runner.query(`update idempotency_keys set response = $4 where caller_id = $1 and method = $2 and key = $3`, [
    command.callerId,
    command.method,
    command.key,
    Buffer.from(response),
  ]);
  crashPoint('command.before-commit');
  await runner.commitTransaction();
}

/** Limits the rest of the transaction to the tenant's rows, and tells the audit trail what is being done. Who sees what stays as it is. */
export async function actFor(on: EntityManager | QueryRunner, tenantId: string): Promise<void> {
  const text = "select set_config('paradesk.tenant', $1, true), set_config('paradesk.act', $2, true)";
  await prepared(on, 'act_for', text, [tenantId, actSetting(currentAct())]);
}

function hashOf(request: Uint8Array): Buffer {
  return createHash('sha256').update(request).digest();
}

/** The table of keyed commands and their answers. */
export class CreateIdempotencyKeys1767225500001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_keys (
        tenant_id uuid not null,
        caller_id text not null,
        method text not null,
        key text not null,
        request_sha256 bytea not null,
        response bytea,
        created_at timestamptz not null default now(),
        primary key (tenant_id, caller_id, method, key)
      )`);
    await runner.query('create index idempotency_keys_by_age on idempotency_keys (tenant_id, created_at)');
    await isolateByTenant(runner, 'idempotency_keys');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table idempotency_keys');
  }
}
