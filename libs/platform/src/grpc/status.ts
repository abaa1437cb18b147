import { Metadata, status as Status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { Status as RpcStatus } from '@paradesk/contracts/google/rpc/status';
import { BadRequest, ErrorInfo } from '@paradesk/contracts/google/rpc/error_details';
import { DomainError, type DomainErrorKind } from '@paradesk/kernel';

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
const kindOfStatus = new Map(Object.entries(statusOfKind).map(([kind, status]) => [status, kind as DomainErrorKind]));

/**
 * What leaves for an error: a refusal with its reason and fields (google.rpc.ErrorInfo, google.rpc.BadRequest), anything
 * else as INTERNAL without text, since its text may be privileged.
 */
export function toStatus(error: unknown): Partial<StatusObject> & { code: Status } {
  if (!(error instanceof DomainError)) return { code: Status.INTERNAL, details: 'internal error' };
  const code = error.reason === 'DEADLINE_EXCEEDED' ? Status.DEADLINE_EXCEEDED : statusOfKind[error.kind];
  const info = ErrorInfo.encode({ reason: error.reason, domain: DOMAIN, metadata: { ...error.metadata } }).finish();
  const details = [{ typeUrl: ERROR_INFO, value: Buffer.from(info) }];
  if (error.violations.length > 0) {
    const fields = BadRequest.fromPartial({ fieldViolations: error.violations.map((violation) => ({ ...violation })) });
    details.push({ typeUrl: BAD_REQUEST, value: Buffer.from(BadRequest.encode(fields).finish()) });
  }
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(RpcStatus.encode({ code, message: error.message, details }).finish()));
  return { code, details: error.message, metadata };
}

/**
 * The refusal behind another service's status, of the same kind and reason. A peer that cannot be reached is unavailable
 * PEER_UNAVAILABLE, one that took too long unavailable DEADLINE_EXCEEDED; INTERNAL stays an Error that is nobody's business.
 */
export function fromStatus(error: ServiceError): Error {
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
