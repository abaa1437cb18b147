import { describe, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { rpcs } from '@paradesk/contracts';
import type { Logger } from '@paradesk/platform';
import { Channels } from './channels.js';
import { GatewayModule } from './gateway.module.js';
import { defaultLimits } from './limits.js';
import { operations } from './operations/operation.js';
import { RouteTable } from './operations/route-table.js';
import { SignInSettings } from './sign-in/sign-in-settings.js';

const sampled = (path: string) => path.replace(/\{[^}]+\}/g, '01890a5d-ac96-774b-bcce-b302099a8057');
const verbs = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'PROPFIND'];
const bound = rpcs().flatMap((rpc) => (rpc.http ? [{ rpc, ...rpc.http }] : []));

describe('what the gateway serves', () => {
  const table = new RouteTable(operations());

  it.each(bound.map(({ rpc, path }) => [rpc.path.slice(1), path] as const))(
    'is, at the path of %s, every verb of the contracts and no other',
    (_rpc, path) => {
      const stated = bound.filter((other) => sampled(other.path) === sampled(path));
      for (const verb of verbs) {
        const of = stated.find((other) => other.verb.toUpperCase() === verb);
        const found = () => table.find(verb, sampled(path)).operation.rpc.path;
        if (of) expect(found()).toBe(of.rpc.path);
        else expect(found).toThrow(expect.objectContaining({ reason: 'METHOD_NOT_ALLOWED' }));
      }
    },
  );

  it('is, beside the contracts, sign-in, tokens, the reference and health, and no more', () => {
    const limits = { ...defaultLimits };
    const signIn = new SignInSettings(undefined, () => '');
    const logger = {} as Logger;
    const { controllers = [] } = GatewayModule.of(new Channels({ identity: '127.0.0.1:1' }), logger, limits, signIn);
    expect(controllers.flatMap((controller) => routesOf(controller as new () => object)).toSorted()).toEqual([
      'ALL *',
      'GET .well-known/oauth-authorization-server',
      'GET auth/callback',
      'GET auth/session',
      'GET auth/sign-in',
      'GET docs',
      'GET docs/start.js',
      'GET health',
      'GET openapi.json',
      'POST auth/sign-out',
      'POST oauth/token',
    ]);
  });
});

function routesOf(controller: new () => object): string[] {
  const root = Reflect.getMetadata('path', controller) as string;
  const handlers = Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).map(
    ({ value }) => value as object,
  );
  return handlers
    .filter((handler) => handler !== controller && Reflect.hasMetadata('path', handler))
    .map((handler) => {
      const path = [root, Reflect.getMetadata('path', handler) as string].filter((part) => part !== '/').join('/');
      return `${RequestMethod[Reflect.getMetadata('method', handler) as RequestMethod]} ${path}`;
    });
}
