import type { LoggerService } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { pino, type Logger as Pino } from 'pino';

/** JSON lines on standard output. Injected by this class; the fields come first, the message second. */
export abstract class Logger {
  abstract fatal(fields: object, message: string): void;
  abstract error(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract debug(fields: object, message: string): void;
}

const SECRETS = [
  ...['authorization', 'cookie', 'set-cookie', 'token', 'secret', 'password', 'key', 'apiKey', 'api_key', 'signature'],
  ...['SERVICE_SECRET', 'DATABASE_URL', 'ownerUrl', 'runtimeUrl'],
];

// Texts of these are the engine's own words about our code. Any other may quote what was being worked on: a query's values, a line of
// JSON, an address. Privileged text has no place in a log, so an error is described by its class, its codes and where it arose.
const OWN_WORDS = new Set(['TypeError', 'ReferenceError']);
const MOST_CAUSES = 3;

/** What may be logged of an error: class, codes, constraint and place, never its text; for `err`, of which pino would log all. */
export function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, reason, kind, constraint, table } = error as Error & Record<string, unknown>;
  const places = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at .*[\w)>]$/.test(line) && !error.message.includes(line.trim()));
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    ...Object.fromEntries(
      Object.entries({ code, reason, kind, constraint, table }).filter(([, value]) => isWord(value)),
    ),
    ...(OWN_WORDS.has(error.name) && { message: error.message }),
    stack: places.slice(0, 12).join('\n'),
    ...(error.cause !== undefined && depth < MOST_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  };
}

function isWord(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,80}$/.test(value));
}

/**
 * Makes a service's logger. A line inside a span carries its `trace_id` and `span_id`; fields that may hold credentials are blanked.
 *
 * @param destination where lines go; standard output by default
 */
export function createLogger({
  service,
  level,
  destination,
}: {
  service: string;
  level: string;
  destination?: NodeJS.WritableStream;
}): Logger {
  const options = {
    level,
    base: { service },
    redact: {
      paths: SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]),
      censor: '[redacted]',
    },
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: traceFields,
  };
  const logger: Pino = destination ? pino(options, destination) : pino(options);
  return logger as Logger;
}

function traceFields(): object {
  const span = trace.getSpanContext(context.active());
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** Nest's own lines, through ours. Nest says little that an operator needs, so what it calls a log is our debug. */
export function nestLogger(logger: Logger): LoggerService {
  const at = (level: 'debug' | 'warn' | 'error' | 'fatal') => (message: unknown) =>
    message instanceof Error
      ? logger[level]({ err: message }, 'Nest reports an error')
      : logger[level]({}, String(message));
  return {
    log: at('debug'),
    error: at('error'),
    warn: at('warn'),
    debug: at('debug'),
    verbose: at('debug'),
    fatal: at('fatal'),
  };
}
