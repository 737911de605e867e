import { DOCUMENT, isPlatformBrowser } from '@angular/common';
import { effect, inject, PLATFORM_ID, provideEnvironmentInitializer } from '@angular/core';
import { injectAuth, type ServerSession } from '@countersign/angular';

const cookieName = 'remembered-user';

/**
 * Stores the signed-in user in a cookie, from which the server renders the next page. The cookie grants no access: a
 * forged cookie only changes the name on the page.
 */
export const rememberUser = () =>
  provideEnvironmentInitializer(() => {
    if (!isPlatformBrowser(inject(PLATFORM_ID))) return;
    const auth = injectAuth();
    const document = inject(DOCUMENT);
    effect(() => {
      const user = auth.user();
      const status = auth.status();
      if (status === 'loading' || status === 'error') return;
      const value = user ? encodeURIComponent(JSON.stringify({ sub: user.sub, name: user.name })) : '';
      document.cookie = `${cookieName}=${value}; Path=/; SameSite=Strict; Max-Age=${user ? 86_400 : 0}`;
    });
  });

/** Reads the user from the cookie on the server. */
export function readRememberedUser(request: Request): ServerSession | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split('; ');
  const value = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  if (!value) return undefined;
  const { sub, name } = JSON.parse(decodeURIComponent(value));
  if (typeof sub !== 'string') return undefined;
  return { claims: { sub, ...(typeof name === 'string' && { name }) } };
}
