import { expect, test } from 'vitest';
import { isPathBelow } from './path-match.ts';

test('S18: a path is compared decoded, without doubled slashes and by whole segments', () => {
  for (const path of ['/admin', '/admin/', '/admin/users', '/%61dmin', '//admin', '/admin//x', '/admin/%']) {
    expect(isPathBelow(path, ['/admin']), path).toBe(true);
  }
  for (const path of ['/', '/administrator', '/x/admin']) {
    expect(isPathBelow(path, ['/admin']), path).toBe(false);
  }
  expect(isPathBelow('/anything', ['/'])).toBe(true);
  expect(isPathBelow('/anything', [])).toBe(false);
});
