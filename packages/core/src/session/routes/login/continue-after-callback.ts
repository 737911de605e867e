import type { SessionContext } from '../../context.ts';
import type { CookieToSet } from '../../cookies/cookies.ts';
import { createRedirect } from '../../http/responses.ts';
import { createPage } from '../../pages/page.ts';
import { resolveMessages } from '../../pages/page-messages.ts';

/**
 * Redirects from the callback to a page of the application.
 *
 * The provider's site has started the navigation to the callback, and its redirects belong to it. Browsers send no cookie
 * with `SameSite=Strict` in such a navigation: the next page would find no session and start another login. A page that
 * continues automatically starts a navigation of the application's site.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-5.2
 */
export function continueAfterCallback(
  context: SessionContext,
  request: Request,
  { location, cookies }: { readonly location: string; readonly cookies: readonly CookieToSet[] },
): Response {
  // A new login continues at the provider, which needs none of these cookies.
  if (context.jar.sameSite !== 'strict' || !location.startsWith('/'))
    return createRedirect(location, cookies);
  const messages = resolveMessages(context.options.messages, request);
  const label = messages.labels.continue;
  return createPage({
    status: 200,
    title: label,
    text: '',
    actions: [{ label, href: location }],
    messages,
    cookies,
    continueTo: location,
  });
}
