import { z } from 'zod';

/** What communications needs of its environment beside what every service needs. */
export const communicationsConfig = z.object({
  /** The mail server: `smtp://user:password@host:port` or `smtps://...`. */
  SMTP_URL: z.string('takes an smtp:// or smtps:// URL').regex(/^smtps?:\/\/\S+$/, 'takes an smtp:// or smtps:// URL'),
  /** Domain of Message-IDs. */
  MAIL_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'takes a domain name')
    .default('paradesk.localhost'),
});

export type CommunicationsConfig = z.infer<typeof communicationsConfig>;
