import { DomainError } from '@paradesk/kernel';

const MOST_CHARACTERS = 1000;

/**
 * Where to go on after signing in: a path here, and nothing that a browser could take for an address elsewhere.
 *
 * @param given what the request asked for
 * @param origin scheme, host and port of our own pages
 * @returns the path with its query, as the browser would read it
 * @throws DomainError invalid RETURN_TO
 */
export function localPath(given: string, origin: string): string {
  // Read as browsers do: they drop tabs and line feeds and take a backslash for a slash.
  const url = given.startsWith('/') && given.length <= MOST_CHARACTERS ? URL.parse(given, origin) : null;
  if (!url || url.origin !== origin || url.pathname.startsWith('//')) {
    throw DomainError.invalid('return_to', 'RETURN_TO', 'takes a path of this site, such as /docs');
  }
  return url.pathname + url.search + url.hash;
}
