import { DOCUMENT, isPlatformBrowser } from '@angular/common';
import { effect, inject, PLATFORM_ID, provideEnvironmentInitializer } from '@angular/core';
import { injectAuth, type ServerSession } from '@countersign/angular';

const cookieName = 'remembered-user';

/**
 * Keeps who is signed in in a cookie of this application, so that the server renders the next page for them. It is for
 * show: whoever forges it sees a name, and is given nothing.
 */
export const rememberUser = () =>
  provideEnvironmentInitializer(() => {
    if (!isPlatformBrowser(inject(PLATFORM_ID))) return;
    const auth = injectAuth();
    const page = inject(DOCUMENT);
    effect(() => {
      const user = auth.user();
      const status = auth.status();
      if (status === 'loading' || status === 'error') return;
      const value = user ? encodeURIComponent(JSON.stringify({ sub: user.sub, name: user.name })) : '';
      page.cookie = `${cookieName}=${value}; Path=/; SameSite=Strict; Max-Age=${user ? 86_400 : 0}`;
    });
  });

/** On the server: whom the cookie names. */
export function readRememberedUser(request: Request): ServerSession | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split('; ');
  const value = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  if (!value) return undefined;
  const { sub, name } = JSON.parse(decodeURIComponent(value));
  if (typeof sub !== 'string') return undefined;
  return { claims: { sub, ...(typeof name === 'string' && { name }) } };
}
