import { describe, expect, it } from '@jest/globals';
import { localPath } from './local-path.js';

const ORIGIN = 'https://desk.example';

describe('where to go on after signing in', () => {
  it.each([
    ['a path', '/docs', '/docs'],
    ['a path with query and fragment', '/docs?a=b#c', '/docs?a=b#c'],
    ['the root', '/', '/'],
    ['dots that stay here', '/a/../docs', '/docs'],
    ['a path that names another site in its query', '/docs?to=https://evil.example', '/docs?to=https://evil.example'],
  ])('is %s', (_, given, path) => {
    expect(localPath(given, ORIGIN)).toBe(path);
  });

  it.each([
    ['nothing', ''],
    ['an address', 'https://evil.example'],
    ['our own address', `${ORIGIN}/docs`],
    ['an address without a scheme', '//evil.example'],
    ['one with a backslash', '/\\evil.example'],
    ['one with two', '\\\\evil.example'],
    ['one with a tab in between', '/\t/evil.example'],
    ['one with a line feed in between', '/\n/evil.example'],
    ['one behind a dot', '/.//evil.example'],
    ['one behind dots', '/a/..//evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['a path that does not begin here', 'docs'],
    ['something endless', `/${'a'.repeat(1000)}`],
  ])('is not %s', (_, given) => {
    expect(() => localPath(given, ORIGIN)).toThrow(
      expect.objectContaining({ reason: 'RETURN_TO' }) as unknown as Error,
    );
  });
});
