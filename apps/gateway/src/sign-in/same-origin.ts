import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@paradesk/kernel';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Lets a request pass that a browser signs by its cookie if it changes nothing, or comes from a page of our own: a page of another site
 * must not act as who is signed in. Browsers say where a request comes from; one that does not say it is refused.
 *
 * @param origin scheme, host and port of our own pages
 * @throws DomainError forbidden CROSS_SITE_REQUEST
 */
export function requireSameOrigin(method: string, headers: IncomingHttpHeaders, origin: string): void {
  if (SAFE.has(method)) return;
  const site = headers['sec-fetch-site'];
  const isOurs = headers.origin === undefined ? site === 'same-origin' : headers.origin === origin;
  if (isOurs && (site === undefined || site === 'same-origin')) return;
  throw DomainError.forbidden(
    'CROSS_SITE_REQUEST',
    'a session changes things from pages of this site only; programs use API keys',
  );
}
