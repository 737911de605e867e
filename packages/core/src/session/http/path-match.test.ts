import { expect, test } from 'vitest';
import { isPathBelow, isSamePage } from './path-match.ts';

test('S18: compares decoded paths by segments, without repeated slashes', () => {
  for (const path of ['/admin', '/admin/', '/admin/users', '/%61dmin', '//admin', '/admin//x', '/admin/%']) {
    expect(isPathBelow(path, ['/admin']), path).toBe(true);
  }
  for (const path of ['/', '/administrator', '/x/admin']) {
    expect(isPathBelow(path, ['/admin']), path).toBe(false);
  }
  expect(isPathBelow('/anything', ['/'])).toBe(true);
  expect(isPathBelow('/anything', [])).toBe(false);
});

test('S18: compares the decodable parts of a path with malformed escapes', () => {
  const paths = [
    '/%61dmin/%ff',
    '//admin/%zz',
    '//admin/%ff',
    '/%61dmin/%zz',
    '/%61dmin%2f%ff',
    '/%61dmin/%c3%28/x',
    '/%61dmin/%',
    '/%61dmin/%e2%82',
    '/%61%64min//%ff%fe',
  ];
  for (const path of paths) expect(isPathBelow(path, ['/admin']), path).toBe(true);
  for (const path of ['/%61dministrator/%ff', '/%61dmin%ff', '/%ff/admin', '/%zz%61dmin']) {
    expect(isPathBelow(path, ['/admin']), path).toBe(false);
  }
  for (const path of ['/%C3%A9t%c3%a9/%ff', '/é%74%C3%A9/%zz', '/%C3%A9té%2Fx/%80']) {
    expect(isPathBelow(path, ['/été']), path).toBe(true);
  }
});

test('compares decoded pages without case, repeated slashes and trailing slashes', () => {
  for (const path of ['/Error', '/error/', '//error//', '/%65rror', '/%45RROR%2f', '/error%2F/'])
    expect(isSamePage(path, '/error'), path).toBe(true);
  for (const path of ['/', '/errors', '/error/x', '/x/error', '/%2565rror'])
    expect(isSamePage(path, '/error'), path).toBe(false);
  expect(isSamePage('/', '//')).toBe(true);
});
