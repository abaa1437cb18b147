import type { RateLimit } from '@paradesk/contracts/paradesk/identity/v1/tokens';
import type { DomainError } from '@paradesk/kernel';

/** What is left of a caller's minute, as the IETF's draft of RateLimit header fields has it. */
export function rateLimitHeaders({ limit, remaining, resetsInSeconds }: RateLimit): Record<string, string> {
  return {
    'ratelimit-policy': `"minute";q=${limit};w=60`,
    ratelimit: `"minute";r=${remaining};t=${resetsInSeconds}`,
  };
}

/** What a refusal says beside its body: when to try again, and which scope it takes (RFC 6750, 3.1). */
export function headersOfRefusal({ reason, metadata }: DomainError): Record<string, string> {
  const { retryAfterSeconds, scope } = metadata;
  const headers: Record<string, string> = {};
  if (retryAfterSeconds) headers['retry-after'] = retryAfterSeconds;
  if (reason === 'RATE_LIMITED' && retryAfterSeconds) headers.ratelimit = `"minute";r=0;t=${retryAfterSeconds}`;
  if (reason === 'SCOPE_MISSING' && scope) {
    headers['www-authenticate'] = `Bearer realm="paradesk", error="insufficient_scope", scope="${scope}"`;
  }
  return headers;
}
