/**
 * The page to show after a login: path, query and fragment, of this origin alone. Anything else, a link to another
 * origin in any disguise, becomes the start page (RFC 9700 section 4.11.1).
 */
export function safeReturnTo(target: string | undefined, origin: string): string {
  const url = target !== undefined && URL.canParse(target, origin) ? new URL(target, origin) : undefined;
  if (url?.origin !== origin || url.pathname.startsWith('//')) return '/';
  return url.pathname + url.search + url.hash;
}
