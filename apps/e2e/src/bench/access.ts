import { decide, ruleOf, type AccessRequest, type MatterFacts, type Principal } from '@paradesk/access';
import { Role, TaskClass, type Rule } from '@paradesk/contracts/paradesk/common/v1/rule';
import { Money, newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { measureRows } from './access-rows.js';
import { Child } from './child.js';
import { median, printTable, quantile, rounded } from './figures.js';
import type { Measured } from './load.js';
import type { ServerReady } from './tenant-calls.js';

const WARM_UP = 20_000;
const DECISIONS = 40_000;
const WARM_UP_ROUNDS = 2;
const ROUNDS = 9;

const tenantId = newId(Date.now());
const clientId = newId(Date.now());
const personId = newId(Date.now());
const today = Temporal.PlainDate.from('2026-11-25');
const matter: MatterFacts = {
  clientId,
  isOnTeam: true,
  isWalled: false,
  supervisingAttorneyId: newId(Date.now()),
  jurisdiction: 'US-CA',
};
const as = (role: Role): Principal => ({
  tenantId,
  role,
  personId,
  ...(role === Role.ATTORNEY && { clientId }),
  qualifiedUntil: { 'US-CA': today.add({ years: 1 }), 'US-NY': today },
});
const rule = (taskClass: TaskClass, roles: Role[]): Rule => ({ taskClass, roles, public: false });
const everybody = rule(TaskClass.ADMINISTRATIVE, [
  Role.OPERATIONS_MANAGER,
  Role.BILLING_MANAGER,
  Role.PARALEGAL,
  Role.VIRTUAL_ASSISTANT,
  Role.ATTORNEY,
]);
const about = { tenantId, matter };

/** What services ask, in the mix of a working day; every one is evaluated by Cedar. */
const questions: readonly (readonly [name: string, share: number, request: AccessRequest])[] = [
  ['a paralegal calls', 30, { action: 'call', principal: as(Role.PARALEGAL), rule: everybody, resource: about }],
  [
    'a virtual assistant calls',
    20,
    { action: 'call', principal: as(Role.VIRTUAL_ASSISTANT), rule: everybody, resource: about },
  ],
  ['a manager calls', 15, { action: 'call', principal: as(Role.OPERATIONS_MANAGER), rule: everybody, resource: about }],
  ['an attorney calls', 10, { action: 'call', principal: as(Role.ATTORNEY), rule: everybody, resource: about }],
  [
    'a walled paralegal calls',
    5,
    {
      action: 'call',
      principal: as(Role.PARALEGAL),
      rule: everybody,
      resource: { tenantId, matter: { ...matter, isWalled: true } },
    },
  ],
  [
    'a paralegal does substantive work',
    10,
    { action: 'work', principal: as(Role.PARALEGAL), rule: ruleOf('documents.draft_pleading'), resource: about },
  ],
  [
    'a paralegal is assigned',
    5,
    {
      action: 'beAssigned',
      principal: as(Role.PARALEGAL),
      rule: ruleOf('documents.draft_pleading'),
      resource: about,
      today,
    },
  ],
  [
    'a manager approves time',
    5,
    {
      action: 'approve',
      principal: as(Role.BILLING_MANAGER),
      rule: rule(TaskClass.ADMINISTRATIVE, [Role.BILLING_MANAGER]),
      resource: { ...about, ownerPersonId: newId(Date.now()), amount: Money.of(12_500n, 'USD') },
      selfApprovalLimit: Money.of(10_000n, 'USD'),
    },
  ],
];

/**
 * Decisions with the facts of a matter, in this process, what one adds to a call, and what the policies of the rows add to a query. Three
 * figures: `p50us` of one decision; `rpcOverhead`, the share by which calls that decide are slower than calls that do not, in pairs of
 * rounds of one run; `rlsRatio`, see `measureRows`.
 */
export async function measure(): Promise<{ p50us: number; rpcOverhead: number; rlsRatio: number }> {
  const p50us = rounded(measureDecisions(), 1);
  const rpcOverhead = rounded(await measureOverhead(), 3);
  return { p50us, rpcOverhead, rlsRatio: rounded(await measureRows()) };
}

function measureDecisions(): number {
  const mix = questions.flatMap(([, share], at) => Array<number>(share).fill(at));
  const micros: number[][] = questions.map(() => []);
  for (let turn = 0; turn < WARM_UP; turn++) decide(questions[mix[(turn * 37) % mix.length]!]![2]);
  const from = performance.now();
  for (let turn = 0; turn < DECISIONS; turn++) {
    // 37 and 100 have no common divisor: the mix comes in turns, not in blocks.
    const at = mix[(turn * 37) % mix.length]!;
    const before = performance.now();
    decide(questions[at]![2]);
    micros[at]!.push((performance.now() - before) * 1000);
  }
  const perSecond = (DECISIONS / (performance.now() - from)) * 1000;
  const all = micros.flat();
  const row = (name: string, values: readonly number[]) => [
    name,
    ...[0.5, 0.95, 0.99].map((q) => quantile(values, q).toFixed(1)),
  ];
  const rows = questions.map(([name], at) => row(name, micros[at]!));
  printTable(['decisions with facts', 'p50 us', 'p95 us', 'p99 us'], [...rows, row('all, in their shares', all)]);
  console.log(`decisions/s: ${Math.round(perSecond)}`);
  return quantile(all, 0.5);
}

async function measureOverhead(): Promise<number> {
  const server = await Child.start<ServerReady>('./rpc-platform.js', ['facts']);
  try {
    const round = async (question: 'round' | 'decidedRound') => server.ask<Measured>(question);
    for (let turn = 0; turn < WARM_UP_ROUNDS; turn++) {
      await round('round');
      await round('decidedRound');
    }
    const pairs: { without: number; with: number }[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const without = (await round('round')).perSecond;
      pairs.push({ without, with: (await round('decidedRound')).perSecond });
    }
    const of = (side: 'without' | 'with') => Math.round(median(pairs.map((pair) => pair[side])));
    printTable(
      ['a call that reads the facts in a transaction, 32 at once', 'calls/s'],
      [
        ['without the decision', of('without')],
        ['with the decision', of('with')],
      ],
    );
    const overheads = pairs.map((pair) => pair.without / pair.with - 1);
    console.log(`overhead by round: ${overheads.map((overhead) => overhead.toFixed(3)).join(' ')}`);
    return median(overheads);
  } finally {
    await server.stop();
  }
}
