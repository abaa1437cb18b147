import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '@paradesk/access';
import type { Rpc } from '@paradesk/contracts';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import type { EntityManager } from 'typeorm';

/** What is being done, and for whom: what the audit trail says of a change beside the change itself. */
export interface Act {
  /** Path of an RPC, `event <topic>` or `job <name>`. */
  action: string;
  /** The rule that allowed or refused it; absent for events and jobs. */
  readonly rule?: string;
  /** Who asked for it; undefined until a call has been admitted, and for what nobody asked for. */
  caller?: Caller;
}

const acts = new AsyncLocalStorage<Act>();

/** Runs `work` as a part of this act: what it changes is recorded as done by it. */
export function acting<T>(act: Act, work: () => T): T {
  return acts.run(act, work);
}

/** What is being done at present; undefined outside calls, events and jobs. */
export function currentAct(): Act | undefined {
  return acts.getStore();
}

/** Goes on under another name in the same transaction: one that takes several events. */
export async function renameAct(tx: EntityManager, action: string): Promise<void> {
  const act = currentAct();
  if (!act || act.action === action) return;
  act.action = action;
  await tx.query("select set_config('paradesk.act', $1, true)", [actSetting(act)]);
}

/** The act as the triggers read it: the value of the setting `paradesk.act`; empty outside of any act. */
export function actSetting(act: Act | undefined): string {
  if (!act) return '';
  const { action, rule, caller } = act;
  return JSON.stringify({
    action,
    rule,
    person: caller?.personId,
    role: caller && Role[caller.role],
    service: caller?.service,
  });
}

const rules = new WeakMap<Rpc, string>();

/** The rule of an RPC in a line: `SUBSTANTIVE: PARALEGAL, OPERATIONS_MANAGER`. */
export function ruleText(rpc: Rpc): string {
  let text = rules.get(rpc);
  if (text === undefined) {
    const { taskClass = TaskClass.UNSPECIFIED, roles = [], public: open = false } = rpc.rule ?? {};
    text = `${TaskClass[taskClass]}: ${open ? 'everybody' : roles.map((role) => Role[role]).join(', ')}`;
    rules.set(rpc, text);
  }
  return text;
}
