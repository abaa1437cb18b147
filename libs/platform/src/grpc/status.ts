import { Metadata, status as Status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { Status as RpcStatus } from '@paradesk/contracts/google/rpc/status';
import { BadRequest, ErrorInfo } from '@paradesk/contracts/google/rpc/error_details';
import { DomainError, type DomainErrorKind, type FieldViolation } from '@paradesk/kernel';

const DETAILS = 'grpc-status-details-bin';
const DOMAIN = 'paradesk';
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';

const statusOfKind: Record<DomainErrorKind, Status> = {
  invalid: Status.INVALID_ARGUMENT,
  unauthenticated: Status.UNAUTHENTICATED,
  forbidden: Status.PERMISSION_DENIED,
  'not-found': Status.NOT_FOUND,
  conflict: Status.ABORTED,
  refused: Status.FAILED_PRECONDITION,
  exhausted: Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
};
// A refusal travels in trailers, of which HTTP/2 carries 64 KB in all, in base64 and percent-encoding: what is more breaks the call.
const MAX_TEXT = 1000;
const MAX_VIOLATION_BYTES = 30_000;
const kindOfStatus = new Map(Object.entries(statusOfKind).map(([kind, status]) => [status, kind as DomainErrorKind]));

/**
 * What leaves for an error: a refusal with its reason and fields (google.rpc.ErrorInfo, google.rpc.BadRequest), anything
 * else as INTERNAL without text, since its text may be privileged. Long texts are cut, and of very many fields the first are named.
 */
export function toStatus(error: unknown): Partial<StatusObject> & { code: Status } {
  if (!(error instanceof DomainError)) return { code: Status.INTERNAL, details: 'internal error' };
  const code = error.reason === 'DEADLINE_EXCEEDED' ? Status.DEADLINE_EXCEEDED : statusOfKind[error.kind];
  const info = ErrorInfo.encode({ reason: error.reason, domain: DOMAIN, metadata: { ...error.metadata } }).finish();
  const details = [{ typeUrl: ERROR_INFO, value: Buffer.from(info) }];
  const message = shortened(error.message);
  if (error.violations.length > 0) {
    const fields = BadRequest.fromPartial({ fieldViolations: fitting(error.violations) });
    details.push({ typeUrl: BAD_REQUEST, value: Buffer.from(BadRequest.encode(fields).finish()) });
  }
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(RpcStatus.encode({ code, message, details }).finish()));
  return { code, details: message, metadata };
}

/**
 * The refusal behind another service's status, of the same kind and reason. A peer that cannot be reached is unavailable
 * PEER_UNAVAILABLE, one that took too long unavailable DEADLINE_EXCEEDED; INTERNAL stays an Error that is nobody's business.
 */
export function fromStatus(error: ServiceError): Error {
  // What broke before there was a call is our own mistake, and says so itself.
  if (typeof error.code !== 'number') return error;
  const kind = kindOfStatus.get(error.code);
  const details = error.metadata?.get(DETAILS)[0];
  if (error.code === Status.DEADLINE_EXCEEDED) {
    return new DomainError('unavailable', 'DEADLINE_EXCEEDED', 'the answer took too long');
  }
  if (kind && Buffer.isBuffer(details)) return refusalIn(details, kind, error.details);
  if (error.code === Status.UNAVAILABLE)
    return new DomainError('unavailable', 'PEER_UNAVAILABLE', 'a service cannot be reached; try again');
  if (error.code === Status.RESOURCE_EXHAUSTED)
    return new DomainError('exhausted', 'MESSAGE_TOO_LARGE', 'the message is too large');
  if (error.code === Status.CANCELLED) return new DomainError('unavailable', 'CANCELLED', 'the call was cancelled');
  return new Error(`a service answered ${Status[error.code]}`);
}

// grpc-js throws at text that is no well-formed Unicode, such as one cut in the middle of a character, and would take the process along.
function shortened(text: string): string {
  return (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text).toWellFormed();
}

function fitting(violations: readonly FieldViolation[]): FieldViolation[] {
  let room = MAX_VIOLATION_BYTES;
  const texts = violations.map(({ field, description }) => ({
    field: shortened(field),
    description: shortened(description),
  }));
  return texts.filter(({ field, description }) => (room -= Buffer.byteLength(field + description) + 10) >= 0);
}

function refusalIn(bytes: Buffer, kind: DomainErrorKind, message: string): Error {
  const { details } = RpcStatus.decode(bytes);
  const info = details.find((detail) => detail.typeUrl === ERROR_INFO);
  if (!info) return new Error('a service refused without a reason');
  const { reason, metadata } = ErrorInfo.decode(info.value);
  const fields = details.find((detail) => detail.typeUrl === BAD_REQUEST);
  const violations = fields ? BadRequest.decode(fields.value).fieldViolations : [];
  return new DomainError(
    kind,
    reason,
    message,
    violations.map(({ field, description }) => ({ field, description })),
    metadata,
  );
}
