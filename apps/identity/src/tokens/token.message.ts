import { toTimestamp } from '@paradesk/contracts';
import type { Token } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import type { IssuedToken } from './tokens.service.js';

/** A token as answers carry it. */
export function toProto({ token, expiresAt, allowance }: IssuedToken): Token {
  return { token, expiresAt: toTimestamp(expiresAt), rateLimit: allowance };
}
