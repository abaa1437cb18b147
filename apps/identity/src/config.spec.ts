import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '@paradesk/platform';
import { identityConfig } from './config.js';
import { generateSigningKey } from './tokens/signing-keys.js';

describe('the settings of identity', () => {
  it('are keys and secrets, ready to use', async () => {
    const config = readConfig(identityConfig, {
      SIGNING_KEYS: await generateSigningKey(),
      SERVICE_SECRETS: 'billing:a-secret-of-billing-alone',
    });

    expect(config.SIGNING_KEYS.publicKeySet().keys).toHaveLength(1);
    expect(config.SERVICE_SECRETS.accepts('billing', 'a-secret-of-billing-alone')).toBe(true);
  });

  it('are refused with all problems at once and without their values', () => {
    const problems = problemsOf({ SIGNING_KEYS: '[{"d":"hush"}]', SERVICE_SECRETS: 'billing:hush' });

    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^SIGNING_KEYS: takes a JSON array of private Ed25519 JWKs/);
    expect(problems[1]).toMatch(
      /^SERVICE_SECRETS: takes secrets of at least 24 characters; that of billing is shorter/,
    );
    expect(problems.join()).not.toContain('hush');
  });

  it('are both needed', () => {
    expect(problemsOf({})).toEqual([
      'SIGNING_KEYS: is not set, it takes a JSON array of private Ed25519 JWKs',
      'SERVICE_SECRETS: is not set, it takes service:secret, separated by commas',
    ]);
  });
});

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(identityConfig, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
