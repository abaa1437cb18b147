import { z } from 'zod';
import { KEYS_SETTING } from './encryption/key-provider.js';

/** Injection token of a service's settings. */
export const CONFIG = Symbol('config');

/** Everything that is wrong with the environment. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param problems a line each: the variable, what is wrong, what it takes; never a value */
  constructor(readonly problems: readonly string[]) {
    super(`the environment does not fit:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const text = (shape: RegExp, takes: string) => z.string(takes).regex(shape, takes);

const wholeNumber = (min: number, max: number) => {
  const takes = `takes a whole number from ${min} to ${max}`;
  return text(/^\d{1,15}$/, takes)
    .transform(Number)
    .refine((value) => value >= min && value <= max, takes);
};

const address = text(/^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i, 'takes host:port').refine(
  (given) => !(Number(given.slice(given.lastIndexOf(':') + 1)) > 65_535),
  'takes host:port',
);

const url = (...protocols: readonly string[]) => {
  const takes = `takes a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`;
  return z
    .string(takes)
    .refine((given) => URL.canParse(given) && protocols.some((protocol) => given.startsWith(`${protocol}://`)), takes);
};

function isSecureUrl(given: string): boolean {
  const parsed = URL.parse(given);
  if (parsed?.protocol === 'https:') return true;
  return parsed?.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(parsed.hostname);
}

function hasSecureEndpoint(given: string): boolean {
  const endpoint = new URLSearchParams(given.split('?')[1]).get('endpoint');
  return endpoint === null || isSecureUrl(endpoint);
}

const addressesByName = text(
  /^([a-z]+=[^\s,=]+:\d{1,5})?(,[a-z]+=[^\s,=]+:\d{1,5})*$/,
  'takes name=host:port, separated by commas',
).transform((given): Record<string, string> =>
  Object.fromEntries(
    given
      .split(',')
      .filter(Boolean)
      .map((pair) => pair.split('=') as [string, string]),
  ),
);

/** Pieces of a service's own settings. Each says what it takes, so that a problem can be put right without looking it up. */
export const setting = {
  /** A whole number within bounds. */
  wholeNumber,
  /** A TCP port; 0 takes a free one. */
  port: wholeNumber(0, 65_535),
  /** Milliseconds, up to a day. */
  durationMs: wholeNumber(0, 86_400_000),
  /** `host:port`. */
  address,
  /** A URL of one of these protocols, `https` and `http` by default. */
  url: (...protocols: readonly string[]) => url(...(protocols.length > 0 ? protocols : ['https', 'http'])),
  /** A URL that secrets are sent to, or that they come from: `https`, or `http` on a loopback address. */
  secureUrl: z.string('takes an https URL').refine(isSecureUrl, 'takes an https URL, or http on a loopback address'),
  /** A credential: at least 24 characters, never printed. */
  secret: z.string('takes a secret of at least 24 characters').min(24, 'takes a secret of at least 24 characters'),
  /** Words separated by commas. */
  list: z.string('takes words separated by commas').transform((given) =>
    given
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ),
  /** `true` or `false`. */
  boolean: text(/^(true|false)$/, 'takes true or false').transform((given) => given === 'true'),
};

/** Settings that every service has. */
export const platformConfig = z.object({
  /** Where gRPC listens; port 0 takes a free one. */
  GRPC_ADDRESS: address.default('127.0.0.1:0'),
  /** Where health and metrics are served. */
  OPS_ADDRESS: address.default('127.0.0.1:0'),
  /** URL of the service's database, as the run-time role. */
  DATABASE_URL: setting.url('postgres', 'postgresql'),
  /** How long a starting service waits for its database, in milliseconds. */
  DATABASE_WAIT_MS: wholeNumber(0, 600_000).default(30_000),
  /** Most connections to the database. */
  DATABASE_POOL_SIZE: wholeNumber(2, 200).default(10),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'takes fatal, error, warn, info, debug or trace')
    .default('info'),
  /** Where files are kept: `folder:<path>` or `s3://<bucket>?endpoint=...&region=...`. */
  STORAGE: text(/^(folder:.+|s3:\/\/.+)$/, 'takes folder:<path> or s3://<bucket>'),
  /** The master keys of what is stored: `file:<path>`, or `kms:<key id or ARN>?region=...&endpoint=...`. */
  ENCRYPTION_KEYS: text(KEYS_SETTING, 'takes file:<path> or kms:<key id or ARN>').refine(
    hasSecureEndpoint,
    'takes an endpoint of https, or of http on a loopback address: data keys travel to it',
  ),
  /** Addresses of the other services. */
  PEERS: addressesByName.default({}),
  /** PEM files of mutual TLS between services: all three or none, and with them the database is reached by TLS too. */
  TLS_CERT_FILE: z.string('takes a path').optional(),
  TLS_KEY_FILE: z.string('takes a path').optional(),
  TLS_CA_FILE: z.string('takes a path').optional(),
  /** The secret by which identity knows this service. */
  SERVICE_SECRET: setting.secret,
  /** How long a stopping service lets calls end, in milliseconds. */
  SHUTDOWN_TIMEOUT_MS: wholeNumber(0, 300_000).default(10_000),
  /** How long a call to another service may take, in milliseconds. */
  RPC_TIMEOUT_MS: wholeNumber(1, 300_000).default(5_000),
  /** How often the heads of the audit trail are sent to identity to be signed, in minutes. */
  AUDIT_HEAD_EVERY_MINUTES: wholeNumber(1, 30).default(15),
  /** Where identity answers, if PEERS does not say so. */
  IDENTITY_ADDRESS: address.optional(),
  /** URL of an OTLP/HTTP collector for traces; none by default. */
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.url().optional(),
});

/**
 * Reads the settings from the environment; an empty variable counts as absent.
 *
 * @throws ConfigError with all problems at once
 */
export function readConfig<S extends z.ZodType>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => problem(issue, given)));
}

/** The variable, and what it takes. Only our own words: one of zod's might quote the value, which may be a secret. */
function problem(issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0] ?? 'the environment');
  const takes = issue.message.startsWith('takes ') ? issue.message : '';
  if (given[name] === undefined) return [`${name}: is not set`, takes].filter(Boolean).join(', it ');
  return `${name}: ${takes || `has a value that is not accepted (${issue.code})`}`;
}
