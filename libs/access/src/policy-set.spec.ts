import { preparsePolicySet, preparseSchema, statefulIsAuthorized, validate } from '@cedar-policy/cedar-wasm/nodejs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { anyRequest } from '../test/access-requests.js';
import { questionOf } from './decide.js';
import { evaluate, policies, type Question } from './policy-set.js';

const folder = new URL('./policies/', import.meta.url);
const schema = readFileSync(new URL('schema.cedarschema', folder), 'utf8');
const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]));

describe('the policies', () => {
  it('are valid by the schema, strictly and without a warning', () => {
    const answer = validate({ schema, policies: { staticPolicies }, validationSettings: { mode: 'strict' } });
    expect(answer).toEqual({ type: 'success', validationErrors: [], validationWarnings: [], otherWarnings: [] });
  });

  it('are all that stand in the folder', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.cedar'));
    const ids = files.flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/@id\("([^"]+)"\)/g)].map(([, id]) => id),
    );
    expect(policies.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  it.each(policies.map((policy) => [policy.id, policy] as const))('%s', (_id, { effect, reason, message, hidden }) => {
    if (effect === 'permit') return expect({ reason, message, hidden }).toMatchObject({ hidden: false });
    expect(reason).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(message).not.toBe('');
  });

  it('refuse what is the same for every matter first, then what hides one, then what speaks of one', () => {
    const forbids = policies.filter(({ effect, id }) => effect === 'forbid' && !/^(rule|class)\./.test(id));
    const firstOpen = forbids.findIndex(({ hidden }) => !hidden);
    expect(firstOpen).toBeGreaterThan(0);
    expect(forbids.slice(firstOpen).some(({ hidden }) => hidden)).toBe(false);
    const rules = policies.filter(({ id }) => /^(rule|class)\./.test(id));
    expect(policies.slice(0, rules.length)).toEqual(rules);
    expect(rules.some(({ hidden }) => hidden)).toBe(false);
  });
});

describe('a question', () => {
  beforeAll(() => {
    expect(preparsePolicySet('whole', { staticPolicies })).toEqual({ type: 'success' });
    expect(preparseSchema('schema', schema)).toEqual({ type: 'success' });
  });

  const byTheWholeSet = ({ principal, action, resource, context }: Question) =>
    statefulIsAuthorized({
      principal: { type: principal, id: 'caller' },
      action: { type: 'Action', id: action },
      resource: { type: resource, id: 'asked' },
      context,
      entities: [],
      preparsedPolicySetId: 'whole',
      preparsedSchemaName: 'schema',
      validateRequest: true,
    });

  it('fits the schema, and has the same answer from its slice as from all policies', () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        const question = questionOf(request);
        const whole = byTheWholeSet(question);
        const { allowed, policies: decided, fault } = evaluate(question);
        expect(fault).toBeUndefined();
        expect(whole).toMatchObject({ type: 'success', response: { decision: allowed ? 'allow' : 'deny' } });
        if (whole.type !== 'success') return;
        expect(whole.response.diagnostics.errors).toEqual([]);
        expect(decided.map(({ id }) => id).toSorted()).toEqual(whole.response.diagnostics.reason.toSorted());
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['whose facts are missing', { principal: 'Paralegal', action: 'work', resource: 'Matter', context: {} }],
    [
      'whose facts are of another type',
      { principal: 'Paralegal', action: 'work', resource: 'Matter', context: { tenant: 1.5 } },
    ],
    ['that cannot be written down', { principal: 'no type', action: 'work', resource: 'Matter', context: {} }],
    [
      'that no JSON holds',
      { principal: 'Paralegal', action: 'work', resource: 'Matter', context: { tenant: 1n as unknown as number } },
    ],
  ] as const)('%s is refused with a fault, and nothing is thrown', (_name, question) => {
    const verdict = evaluate(question);
    expect(verdict.allowed).toBe(false);
    expect(verdict.fault).toBeTruthy();
  });
});
