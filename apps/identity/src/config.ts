import { setting } from '@paradesk/platform';
import { z } from 'zod';
import { parseOperators } from './sessions/operators.js';
import { parseServiceSecrets } from './tokens/service-secrets.js';
import { parseSigningKeys } from './tokens/signing-keys.js';

/** What identity needs of its environment beside what every service needs. Keys and secrets are secret. */
export const identityConfig = z.object({
  /** The Ed25519 keys that sign tokens, as a JSON array of private JWKs: the first signs, all verify. */
  SIGNING_KEYS: z.string('takes a JSON array of private Ed25519 JWKs').transform(parsedBy(parseSigningKeys)),
  /** By which secret each service signs in: `billing:secret,documents:secret`. */
  SERVICE_SECRETS: z.string('takes service:secret, separated by commas').transform(parsedBy(parseServiceSecrets)),
  /** The OpenID Connect provider whose ID tokens sign people in; without it, only API keys sign in. */
  OIDC_ISSUER: setting.secureUrl.optional(),
  /** The client that the gateway is to the provider: the audience of its ID tokens. */
  OIDC_CLIENT_ID: z.string('takes a client id').optional(),
  /** The accounts of the operations team: `issuer|subject`, separated by commas. */
  OPERATORS: z.string('takes issuer|subject, separated by commas').default('').transform(parsedBy(parseOperators)),
  /** How many requests there may be in a minute: of one API key, and of one person by all their sessions. */
  KEY_REQUESTS_PER_MINUTE: setting.wholeNumber(1, 100_000_000).default(600),
  PERSON_REQUESTS_PER_MINUTE: setting.wholeNumber(1, 100_000_000).default(300),
  /** How many sign-ins there may be in a minute from one address. */
  ADDRESS_SIGN_INS_PER_MINUTE: setting.wholeNumber(1, 100_000_000).default(60),
  /** How long a session may go unused, in hours. */
  SESSION_IDLE_HOURS: setting.wholeNumber(1, 24 * 30).default(12),
  /** How long a session lasts at most, in hours. */
  SESSION_LIFETIME_HOURS: setting.wholeNumber(1, 24 * 90).default(24 * 7),
});

export type IdentityConfig = z.infer<typeof identityConfig>;

/** The problem is told without the value, which is secret. */
function parsedBy<T>(parse: (text: string) => T): (text: string, context: z.RefinementCtx) => T {
  return (text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  };
}
