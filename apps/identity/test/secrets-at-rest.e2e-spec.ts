import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Caller } from '@paradesk/access';
import { ApiKeysServiceService } from '@paradesk/contracts/paradesk/identity/v1/api_keys';
import { InvitationsServiceService } from '@paradesk/contracts/paradesk/identity/v1/invitations';
import { PeopleServiceService } from '@paradesk/contracts/paradesk/identity/v1/people';
import { TokensServiceService } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import { anOpenTenant, aPerson } from './builders.js';
import { SignInsUnderTest } from './sign-ins.js';

let signIns: SignInsUnderTest;
let manager: Caller;
beforeAll(async () => {
  signIns = await SignInsUnderTest.start();
  manager = await anOpenTenant(signIns.system);
});
afterAll(() => signIns.stop());

/** Every table in which the text stands, plain or as bytes: kept answers, the outbox, jobs and the audit trail among them. */
async function tablesThatHold(text: string): Promise<string[]> {
  const { rows: tables } = await signIns.system.db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const like = [`%${text}%`, `%${Buffer.from(text).toString('hex')}%`];
    const { rows } = await signIns.system.db.query(
      `select from ${name} t where t::text like $1 or t::text like $2 limit 1`,
      like,
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

const secretOf = (credential: string) => credential.slice(credential.lastIndexOf('_') + 1);

/** All that identity ever hands out, each by a command with an idempotency key where it takes one. */
async function everySecret(): Promise<[string, string][]> {
  const { system } = signIns;
  const { person, session } = await signIns.aPersonWithAccount(manager, { firstName: 'Canary-of-a-name' });
  const { key } = await system
    .client(ApiKeysServiceService, manager)
    .createApiKey({ personId: person.id, name: 'Clio' }, { idempotencyKey: 'key' });
  const { id } = await system.client(PeopleServiceService, manager).createPerson(aPerson());
  const { secret: invitation } = await system
    .client(InvitationsServiceService, manager)
    .invitePerson({ personId: id }, { idempotencyKey: 'invitation' });
  const tokens = system.client(TokensServiceService, undefined);
  const { token: tokenOfKey } = await tokens.exchangeApiKey({ apiKey: key, audience: 'billing' });
  const { token: tokenOfSession } = await signIns.sessions.exchangeSession({ session, audience: 'billing' });
  return [
    ['an API key', secretOf(key)],
    ['an invitation', secretOf(invitation)],
    ['a session', secretOf(session)],
    ["a key's token", tokenOfKey.split('.')[2]!],
    ["a session's token", tokenOfSession.split('.')[2]!],
  ];
}

describe('a secret', () => {
  it('stands in no table of the database: no answer, event, job or record of the trail has it', async () => {
    const secrets = await everySecret();
    await signIns.system.relayed();
    await signIns.system.drainJobs();
    for (const [what, secret] of secrets) {
      expect([what, secret.length >= 20]).toEqual([what, true]);
      expect([what, await tablesThatHold(secret)]).toEqual([what, []]);
    }
    // The search finds what is there: the name of a person stands in its row, and in the event that told of it.
    const holding = await tablesThatHold('Canary-of-a-name');
    expect(holding).toEqual(expect.arrayContaining(['public.people', 'messaging.outbox']));
  });
});
