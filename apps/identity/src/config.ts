import { z } from 'zod';
import { parseServiceSecrets } from './tokens/service-secrets.js';
import { parseSigningKeys } from './tokens/signing-keys.js';

/** What identity needs of its environment beside what every service needs. Both values are secrets. */
export const identityConfig = z.object({
  /** The Ed25519 keys that sign tokens, as a JSON array of private JWKs: the first signs, all verify. */
  SIGNING_KEYS: z.string('takes a JSON array of private Ed25519 JWKs').transform(parsedBy(parseSigningKeys)),
  /** By which secret each service signs in: `billing:secret,documents:secret`. */
  SERVICE_SECRETS: z.string('takes service:secret, separated by commas').transform(parsedBy(parseServiceSecrets)),
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
