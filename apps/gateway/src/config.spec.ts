import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '@paradesk/platform';
import { gatewayConfig, signInOptions } from './config.js';

const plain = { IDENTITY_ADDRESS: '127.0.0.1:1' };
const provider = {
  OIDC_ISSUER: 'https://accounts.example',
  OIDC_CLIENT_ID: 'gateway',
  OIDC_CLIENT_SECRET: 'hush',
  COOKIE_KEY: 'a-key-of-twenty-four-characters',
};

describe('the settings of the gateway', () => {
  it.each<[string, Record<string, string>, object | undefined]>([
    ['let API keys alone sign in', {}, undefined],
    [
      'name the provider by which people sign in',
      { ...provider, PUBLIC_URL: 'https://desk.example' },
      {
        issuer: 'https://accounts.example',
        clientId: 'gateway',
        clientSecret: 'hush',
        cookieKey: 'a-key-of-twenty-four-characters',
      },
    ],
  ])('%s', (_, env, options) => {
    expect(signInOptions(readConfig(gatewayConfig, { ...plain, ...env }))).toEqual(options);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a provider alone', { OIDC_ISSUER: provider.OIDC_ISSUER }, ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'COOKIE_KEY']],
    [
      'a provider that secrets would go to in the clear',
      { ...provider, OIDC_ISSUER: 'http://accounts.example' },
      ['OIDC_ISSUER'],
    ],
    ['a short key', { ...provider, COOKIE_KEY: 'hush' }, ['COOKIE_KEY']],
  ])('are refused with %s, without their values', (_, env, names) => {
    const problems = problemsOf({ ...plain, ...env });

    expect(problems.map((problem) => problem.split(':')[0])).toEqual(names);
    expect(problems.join()).not.toContain('hush');
  });
});

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(gatewayConfig, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
