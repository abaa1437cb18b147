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
    ['nothing', '', 'entry 1 is not of the form service:secret'],
    ['no colon', `billing:${BILLING},documents`, 'entry 2 is not of the form service:secret'],
    ['an unknown service', `payroll:${BILLING}`, 'there is no service payroll'],
    ['a service named twice', `billing:${BILLING},billing:${BILLING}`, 'billing is named twice'],
    ['a short secret', 'billing:hunter2', 'the secret of billing has less than 24 characters'],
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
