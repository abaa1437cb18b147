import { z } from 'zod';

/** Injection token of a service's settings. */
export const CONFIG = Symbol('config');

/** Everything that is wrong with the environment. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param problems a line each: the variable, what is wrong, what it takes; never a value */
  constructor(readonly problems: readonly string[]) {
    super(`the environment is not complete:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'takes a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `takes a whole number from ${min} to ${max}`);

const address = z.string().regex(/^[\w.-]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i, 'takes host:port');

const addressesByName = z
  .string()
  .regex(/^([a-z]+=[^\s,=]+:\d{1,5})?(,[a-z]+=[^\s,=]+:\d{1,5})*$/, 'takes name=host:port, separated by commas')
  .transform((text): Record<string, string> => Object.fromEntries(text.split(',').filter(Boolean).map((pair) => pair.split('=') as [string, string])));

/** Pieces of a service's own settings. */
export const setting = {
  /** A whole number within bounds. */
  wholeNumber,
  /** `host:port`. */
  address,
  /** A credential: at least 24 characters, never printed. */
  secret: z.string().min(24, 'takes a secret of at least 24 characters'),
};

/** Settings that every service has. */
export const platformConfig = z.object({
  /** Where gRPC listens; port 0 takes a free one. */
  GRPC_ADDRESS: address.default('127.0.0.1:0'),
  /** Where health and metrics are served. */
  OPS_ADDRESS: address.default('127.0.0.1:0'),
  /** URL of the service's database, as the run-time role. */
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\/\S+$/, 'takes a postgres:// URL'),
  /** Most connections to the database. */
  DATABASE_POOL_SIZE: wholeNumber(2, 200).default(10),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'takes fatal, error, warn, info, debug or trace').default('info'),
  /** Where files are kept: `folder:<path>` or `s3://<bucket>?endpoint=...&region=...`. */
  STORAGE: z.string().regex(/^(folder:.+|s3:\/\/.+)$/, 'takes folder:<path> or s3://<bucket>'),
  /** Addresses of the other services. */
  PEERS: addressesByName.default({}),
  /** The secret by which identity knows this service. */
  SERVICE_SECRET: setting.secret,
  /** How long a stopping service lets calls end, in milliseconds. */
  SHUTDOWN_TIMEOUT_MS: wholeNumber(0, 300_000).default(10_000),
});

/**
 * Reads the settings from the environment; an empty variable counts as absent.
 *
 * @throws ConfigError with all problems at once
 */
export function readConfig<S extends z.ZodType>(schema: S, env: Readonly<Record<string, string | undefined>>): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => `${issue.path.join('.')}: ${given[String(issue.path[0])] === undefined ? 'is not set' : issue.message}`));
}
