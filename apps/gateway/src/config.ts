import { platformConfig, setting } from '@paradesk/platform';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { SignInOptions } from './sign-in/sign-in-settings.js';

/** What the gateway needs of its environment: it has no database and no secret of its own. */
export const gatewayConfig = platformConfig
  .pick({
    OPS_ADDRESS: true,
    LOG_LEVEL: true,
    PEERS: true,
    SHUTDOWN_TIMEOUT_MS: true,
    TLS_CERT_FILE: true,
    TLS_KEY_FILE: true,
    TLS_CA_FILE: true,
  })
  .extend({
    /** Where REST is served. */
    HTTP_ADDRESS: platformConfig.shape.GRPC_ADDRESS.unwrap().default('127.0.0.1:8080'),
    /** Where identity exchanges API keys. */
    IDENTITY_ADDRESS: platformConfig.shape.GRPC_ADDRESS.unwrap(),
    /** URL of an OTLP/HTTP collector; without one, traces stay in the logs. */
    OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
    /** The OpenID Connect provider by which people sign in; without it, only API keys do. The next three are needed with it. */
    OIDC_ISSUER: setting.secureUrl.optional(),
    OIDC_CLIENT_ID: z.string('takes a client id').optional(),
    OIDC_CLIENT_SECRET: z.string('takes a client secret').optional(),
    /** What cookies of sign-ins under way are encrypted with: the same for all replicas. */
    COOKIE_KEY: setting.secret.optional(),
    /** Where browsers and programs see the gateway; where it listens by default. */
    PUBLIC_URL: setting.secureUrl.optional(),
    /** The proxies before the gateway whose X-Forwarded-For is believed: addresses or networks, separated by commas. */
    TRUSTED_PROXIES: setting.list
      .default([])
      .refine(
        (proxies) => proxies.every(isNetwork),
        'takes IP addresses or networks (10.0.0.0/8), separated by commas',
      ),
  })
  .superRefine((config, context) => {
    if (!config.OIDC_ISSUER) return;
    for (const name of ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'COOKIE_KEY'] as const) {
      if (config[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: 'takes a value where OIDC_ISSUER has one' });
    }
  });

/** How people sign in, by the settings; undefined where only API keys do. */
export function signInOptions(config: z.infer<typeof gatewayConfig>): SignInOptions | undefined {
  const {
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
    COOKIE_KEY: cookieKey,
  } = config;
  if (!issuer || !clientId || !clientSecret || !cookieKey) return undefined;
  return { issuer, clientId, clientSecret, cookieKey };
}

function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return (
    rest.length === 0 &&
    most > 0 &&
    (bits === '' ? !text.includes('/') : /^\d{1,3}$/.test(bits) && Number(bits) <= most)
  );
}
