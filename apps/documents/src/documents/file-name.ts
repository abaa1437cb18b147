import { DomainError } from '@paradesk/kernel';

// Separators and names that mean a folder to some system; the rest of Unicode is a client's own business.
const SEPARATORS = /[\\/:\n\r\t]/;

/** @throws DomainError invalid FILE_NAME */
export function requireFileName(name: string): string {
  if (SEPARATORS.test(name) || name === '.' || name === '..' || name !== name.trim()) {
    throw DomainError.invalid(
      'name',
      'FILE_NAME',
      'a file name has no slash, colon or line break and no space at its ends',
    );
  }
  return name;
}

/** A folder such as `discovery/first set`; empty is the top. @throws DomainError invalid FOLDER */
export function requireFolder(folder: string): string {
  if (folder === '') return folder;
  const valid = folder
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && part === part.trim() && !SEPARATORS.test(part));
  if (!valid) throw DomainError.invalid('folder', 'FOLDER', 'a folder is made of names with slashes between them');
  return folder;
}
