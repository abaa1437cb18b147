import { DomainError, isUuid } from '@paradesk/kernel';
import type { PageRequest, PageResult } from '@paradesk/contracts/paradesk/common/v1/page';

const DEFAULT_SIZE = 50;
const MAX_SIZE = 200;

/** What to ask the database for: `size` rows behind the cursor `after`. */
export interface PageQuery {
  readonly size: number;
  /** The cursor of the last row of the page before; undefined for the first page. */
  readonly after: string | undefined;
}

/**
 * Reads a page request. A token is an opaque cursor, so it says nothing about rows that the caller may not see.
 *
 * @param cursor what a list goes by: the id (default), or a text of its own that it checks itself
 * @throws DomainError invalid PAGE_SIZE or PAGE_TOKEN, naming `page.size` or `page.token`
 */
export function pageQuery(page: PageRequest | undefined, cursor: 'id' | 'text' = 'id'): PageQuery {
  const size = page?.size || DEFAULT_SIZE;
  if (size < 1 || size > MAX_SIZE)
    throw DomainError.invalid('page.size', 'PAGE_SIZE', `a page has 1 to ${MAX_SIZE} items`);
  const after = page?.token ? decodeCursor(page.token) : undefined;
  if (cursor === 'id' && after !== undefined && !isUuid(after)) throw notOurs();
  return { size, after };
}

/**
 * Makes a page of the rows found.
 *
 * @param rows up to `size + 1` rows: the one too many only says that there is a next page
 * @param cursorOf what `after` must be to go on behind a row
 */
export function pageResult<T>(
  rows: readonly T[],
  { size }: PageQuery,
  cursorOf: (row: T) => string,
): { items: T[]; page: PageResult } {
  const items = rows.slice(0, size);
  const last = items.at(-1);
  const nextToken =
    rows.length > size && last !== undefined ? Buffer.from(`1:${cursorOf(last)}`).toString('base64url') : '';
  return { items, page: { nextToken } };
}

function decodeCursor(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('1:') || Buffer.from(text).toString('base64url') !== token) {
    throw notOurs();
  }
  return text.slice(2);
}

function notOurs(): DomainError {
  return DomainError.invalid('page.token', 'PAGE_TOKEN', 'is no token that a page gave');
}
