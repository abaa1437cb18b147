import { STATUS_CODES } from 'node:http';
import { DomainError, type DomainErrorKind, type FieldViolation } from '@paradesk/kernel';

/** A refusal as RFC 9457 has it, media type application/problem+json. */
export interface Problem {
  /** Relative URI of the kind of problem: `/problems/nothing-to-bill`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The reason for programs, never renamed. */
  readonly reason: string;
  /** The fields that were not accepted, by their JSON paths. */
  readonly violations: readonly FieldViolation[];
  /** Names the request in logs and traces; absent where nothing is traced. */
  readonly traceId?: string;
}

const statusOfKind: Record<DomainErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  refused: 422,
  exhausted: 429,
  unavailable: 503,
};

/** Reasons that HTTP has a closer status for than their kind's. */
const statusOfReason: Readonly<Record<string, number>> = {
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_SLOW: 408,
  BODY_TOO_LARGE: 413,
  MESSAGE_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  DEADLINE_EXCEEDED: 504,
};

/** Reasons of what Fastify and Nest refuse before we see it. */
const reasonOfStatus: Readonly<Record<number, string>> = {
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TOO_SLOW',
  413: 'BODY_TOO_LARGE',
  414: 'PATH_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'HEADERS_TOO_LARGE',
  503: 'STOPPING',
};

/** The problem that an error is to the caller; undefined for what is no refusal, and so nobody's business. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof DomainError) {
    const status = statusOfReason[error.reason] ?? statusOfKind[error.kind];
    return problem(status, error.reason, error.message, error.violations);
  }
  const status = httpStatusOf(error);
  return status !== undefined && (status < 500 || status === 503) ? refusedByServer(status) : undefined;
}

/** What HTTP itself refuses, such as a malformed URL. */
export function refusedByServer(status: number): Problem {
  const reason = reasonOfStatus[status] ?? 'MALFORMED_REQUEST';
  return problem(status, reason, STATUS_CODES[status] ?? 'refused');
}

/** What a fault of ours looks like from outside. */
export function internalProblem(): Problem {
  return problem(500, 'INTERNAL', 'something went wrong on our side; the trace id names it');
}

function problem(status: number, reason: string, detail: string, violations: readonly FieldViolation[] = []): Problem {
  const words = reason.toLowerCase().split('_');
  const title = words.join(' ').replace(/^./, (letter) => letter.toUpperCase());
  return { type: `/problems/${words.join('-')}`, title, status, detail, reason, violations };
}

/** Fastify's errors carry `statusCode`, Nest's have `getStatus()`. */
function httpStatusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return [statusCode, status].find((value) => typeof value === 'number');
}
