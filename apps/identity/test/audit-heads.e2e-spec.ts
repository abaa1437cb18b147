import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { Role } from '@paradesk/contracts/paradesk/common/v1/rule';
import { AuditHeadsServiceService } from '@paradesk/contracts/paradesk/identity/v1/audit_heads';
import { newId } from '@paradesk/kernel';
import { readSignedHead } from '@paradesk/platform';
import { aCaller, type ServiceUnderTest } from '@paradesk/testing';
import type { JSONWebKeySet } from 'jose';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startIdentity } from './builders.js';

let system: ServiceUnderTest;
beforeAll(async () => {
  system = await startIdentity();
});
afterAll(() => system.stop());

const billingOf = (tenantId: string) => aCaller({ role: Role.SERVICE, service: 'billing', tenantId });
const heads = (caller: Caller) => system.client(AuditHeadsServiceService, caller);
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const managerOf = (tenantId: string) => aCaller({ role: Role.OPERATIONS_MANAGER, tenantId });
const listed = (tenantId: string) => heads(managerOf(tenantId)).listAuditHeads({});

describe('a head of an audit trail', () => {
  it('is signed, and says what it was given', async () => {
    const tenantId = newId(Date.now());

    const head = await heads(billingOf(tenantId)).notarizeHead({ sequence: 7n, hash: hashOf('a') });

    expect(head).toMatchObject({ service: 'billing', sequence: 7n, hash: hashOf('a') });
    const { heads: all, jwks } = await listed(tenantId);
    expect(all).toEqual([head]);
    expect(await readSignedHead(head.jws, JSON.parse(jwks) as JSONWebKeySet)).toEqual({
      tenantId,
      service: 'billing',
      sequence: 7n,
      hash: hashOf('a'),
      at: system.clock.now().toString(),
    });
    expect(await readSignedHead(head.jws, system.mint.jwks)).toBeUndefined();
  });

  it('is signed once, however often it is sent', async () => {
    const tenantId = newId(Date.now());
    const send = () => heads(billingOf(tenantId)).notarizeHead({ sequence: 3n, hash: hashOf('a') });

    const [first, ...others] = await Promise.all([send(), send(), send()]);

    expect(others).toEqual([first, first]);
    expect((await listed(tenantId)).heads).toHaveLength(1);
  });

  it.each([
    ['other words of the same record', 5n, 'other'],
    ['a record before the last that was signed, never signed itself', 4n, 'a'],
  ])('is refused for %s', async (_name, sequence, text) => {
    const tenantId = newId(Date.now());
    await heads(billingOf(tenantId)).notarizeHead({ sequence: 5n, hash: hashOf('a') });

    const second = heads(billingOf(tenantId)).notarizeHead({ sequence, hash: hashOf(text) });

    await expect(second).rejects.toMatchObject({ kind: 'refused', reason: 'AUDIT_TRAIL_CONTRADICTS' });
    expect((await listed(tenantId)).heads).toHaveLength(1);
  });

  it.each([
    ['no hash', { sequence: 1n, hash: 'x' }],
    ['no position', { sequence: 0n, hash: hashOf('a') }],
  ])('is not made of %s', async (_name, end) => {
    await expect(heads(billingOf(newId(Date.now()))).notarizeHead(end)).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('is not there for another tenant', async () => {
    await heads(billingOf(newId(Date.now()))).notarizeHead({ sequence: 1n, hash: hashOf('a') });

    expect((await listed(newId(Date.now()))).heads).toEqual([]);
  });

  it.each(['update audit_heads set sequence = 1', 'delete from audit_heads', 'truncate audit_heads'])(
    'stands whatever is tried: %s',
    async (sql) => {
      await heads(billingOf(newId(Date.now()))).notarizeHead({ sequence: 1n, hash: hashOf('a') });

      await expect(system.db.query(sql)).rejects.toMatchObject({ code: '23001' });
    },
  );

  it('is published with the others of its day', async () => {
    const tenantId = newId(Date.now());
    const made = [];
    for (const sequence of [1n, 2n, 3n]) {
      system.clock.advance({ milliseconds: 1 });
      made.push(await heads(billingOf(tenantId)).notarizeHead({ sequence, hash: hashOf(`${sequence}`) }));
      await system.drainJobs();
    }

    const day = system.clock.now().toString().slice(0, 10);
    const file = readFileSync(join(system.files, 'audit-heads', tenantId, day), 'utf8');
    expect(file).toBe(made.map(({ jws }) => `${jws}\n`).join(''));
  });
});
