/**
 * Whether a path is one of these or below it. Compared by segments, decoded and without doubled slashes:
 * `/admin` covers `/admin/users` and `/%61dmin`, not `/administrator`.
 */
export function isPathBelow(pathname: string, parents: readonly string[]): boolean {
  if (parents.length === 0) return false;
  const path = normalize(pathname);
  return parents.some((parent) => {
    const prefix = parent.endsWith('/') ? parent.replace(/\/+$/, '') : parent;
    return path === prefix || path.startsWith(`${prefix}/`);
  });
}

function normalize(pathname: string): string {
  if (!/%|\/\//.test(pathname)) return pathname;
  try {
    return decodeURIComponent(pathname).replace(/\/{2,}/g, '/');
  } catch {
    return pathname;
  }
}
