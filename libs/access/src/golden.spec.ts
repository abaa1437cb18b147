import { describe, expect, it } from '@jest/globals';
import { rpcs, type Rpc } from '@paradesk/contracts';
import { Role, TaskClass } from '@paradesk/contracts/paradesk/common/v1/rule';
import { readFileSync, writeFileSync } from 'node:fs';
import { aPrincipal, roles } from '../test/access-requests.js';
import { authorize } from './authorize.js';
import { decide } from './decide.js';

const file = new URL('../golden/role-rpc.txt', import.meta.url);
const columns = [...roles.map((role) => Role[role]), 'nobody'];
const principals = [...roles.map((role) => aPrincipal(role)), undefined];

const row = (rpc: Rpc): string => {
  const cells = principals.map((principal) => {
    const { allowed, reason } = decide({ action: 'call', principal, rule: rpc.rule });
    return allowed ? 'yes' : reason;
  });
  return [rpc.path.slice(1), TaskClass[rpc.rule?.taskClass ?? 0], ...cells].join('\t');
};

describe('the table of roles and RPCs', () => {
  it('is the committed one', () => {
    const table = [['rpc', 'class', ...columns].join('\t'), ...rpcs().map(row).toSorted()].join('\n') + '\n';
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, table);
    if (readFileSync(file, 'utf8') === table) return;
    expect(
      `${readFileSync(file, 'utf8')}\nTo renew it, read the difference and run: UPDATE_GOLDEN=1 npm test -- libs/access`,
    ).toBe(table);
  });

  it.each(rpcs().map((rpc) => [rpc.path.slice(1), rpc] as const))(
    '%s lets nobody in whom the role boundary refuses',
    (_path, { rule }) => {
      expect(rule).toBeDefined();
      for (const principal of principals) {
        const enters = (() => {
          try {
            authorize(rule, principal);
            return true;
          } catch {
            return false;
          }
        })();
        expect(enters).toBe(decide({ action: 'call', principal, rule }).allowed);
      }
    },
  );
});
