import { describe, expect, it } from '@jest/globals';
import { operations, type Operation } from './operation.js';
import { RouteTable } from './route-table.js';

const all = operations();
const table = new RouteTable(all);

describe('The route table', () => {
  it.each(all.map((operation) => [`${operation.verb} ${operation.path}`, operation] as const))(
    '%s is found by its own path',
    (_, operation: Operation) => {
      const path = operation.path.replaceAll(/\{[^}]+\}/g, 'a%3Ab');
      const found = table.find(operation.verb, path);
      expect(found.operation).toBe(operation);
      expect(found.values.every((value) => value === 'a%3Ab')).toBe(true);
    },
  );

  it.each([
    ['an empty variable', 'GET', '/v1/clients/', 'ROUTE_NOT_FOUND'],
    ['a colon without a verb', 'GET', '/v1/clients/x:', 'ROUTE_NOT_FOUND'],
    ['a verb of another path', 'POST', '/v1/clients/x:issue', 'ROUTE_NOT_FOUND'],
    ['a double slash', 'GET', '//v1/clients', 'ROUTE_NOT_FOUND'],
    ['the root', 'GET', '/', 'ROUTE_NOT_FOUND'],
    ['a wrong method', 'PUT', '/v1/clients', 'METHOD_NOT_ALLOWED'],
    ['a wrong method beside a verb', 'GET', '/v1/invoices/x:issue', 'METHOD_NOT_ALLOWED'],
  ])('%s is refused', (_, verb, path, reason) => {
    expect(() => table.find(verb, path)).toThrow(expect.objectContaining({ reason }));
  });

  it('does not take two operations for one path', () => {
    expect(() => new RouteTable([...all, all[0]!])).toThrow(/are both/);
  });
});
