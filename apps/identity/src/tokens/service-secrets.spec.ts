import { describe, expect, it } from '@jest/globals';
import { isService, parseServiceSecrets } from './service-secrets.js';

const BILLING = 'a-secret-of-billing-alone';
const DOCUMENTS = 'a-secret-of-documents:with-a-colon';

describe('service secrets', () => {
  const secrets = parseServiceSecrets(`billing:${BILLING}, documents:${DOCUMENTS}`);

  it.each([
    ['its own secret', 'billing', BILLING, true],
    ['a secret with a colon', 'documents', DOCUMENTS, true],
    ["another service's secret", 'billing', DOCUMENTS, false],
    ['no secret', 'billing', '', false],
    ['a name that has none', 'communications', BILLING, false],
    ['no name', '', BILLING, false],
  ])('with %s', (_, service, secret, accepted) => {
    expect(secrets.accepts(service, secret)).toBe(accepted);
  });

  it.each([
    ['nothing', '', 'entry 1 is something else'],
    ['no colon', `billing:${BILLING},documents`, 'entry 2 is something else'],
    ['an unknown service', `payroll:${BILLING}`, 'entry 1 names none'],
    ['a service named twice', `billing:${BILLING},billing:${BILLING}`, 'billing is there twice'],
    ['a short secret', 'billing:hunter2', 'that of billing is shorter'],
  ])('are refused with %s, without showing a secret', (_, text, problem) => {
    expect(() => parseServiceSecrets(text)).toThrow(problem);
    expect(() => parseServiceSecrets(text)).not.toThrow(BILLING);
    expect(() => parseServiceSecrets(text)).not.toThrow('hunter2');
  });

  it.each([
    ['identity', true],
    ['assignment', true],
    ['billing', true],
    ['documents', true],
    ['communications', true],
    ['gateway', false],
    ['common', false],
    ['', false],
  ])('know whether %s is a service', (name, known) => {
    expect(isService(name)).toBe(known);
  });
});
