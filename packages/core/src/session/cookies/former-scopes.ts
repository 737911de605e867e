/** The address and settings of an application that decide which copies of its cookies a browser may have. */
export interface CookieScope {
  /** The host of the application. */
  readonly host: string;
  /** Paths of the application, for example its base path and the path of its routes. */
  readonly paths: readonly string[];
  readonly domain: string | undefined;
  readonly path: string;
}

/** Maximum parent domains of a host for which a cookie may exist. */
const maxDomains = 4;

/**
 * Lists the domains and paths at which earlier deployments may have set a cookie: the domain or the path changed. A cookie
 * can only be deleted with its own domain and path, and a request contains neither.
 */
export function listFormerScopes(scope: CookieScope): { readonly domain?: string; readonly path: string }[] {
  const { host, domain, path } = scope;
  // A cookie for this host only, and one with the domain of this host, have the same identity.
  const currentDomain = domain?.replace(/^\./, '').toLowerCase() ?? host;
  const domains = [host, ...listParentDomains(host)].filter((each) => each !== currentDomain);
  const paths = listPaths(scope.paths).filter((each) => each !== path);
  const toAttribute = (each: string) => (each === host ? {} : { domain: each });
  return [
    ...domains.map((each) => ({ ...toAttribute(each), path })),
    ...paths.map((each) => ({ ...toAttribute(currentDomain), path: each })),
    ...(path === '/' ? [] : domains.map((each) => ({ ...toAttribute(each), path: '/' }))),
  ];
}

/** `a.b.example.com`: `b.example.com` and `example.com`. An address has no parent. */
function listParentDomains(host: string): string[] {
  if (/^[\d.]+$|:|\]$/.test(host)) return [];
  const labels = host.split('.');
  const count = Math.min(Math.max(labels.length - 2, 0), maxDomains);
  return Array.from({ length: count }, (_, index) => labels.slice(index + 1).join('.'));
}

/** `/`, and each path with its parents. */
function listPaths(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => {
    const segments = path.split('/').filter((segment) => segment !== '');
    return segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`);
  });
  return [...new Set(['/', ...all])];
}
