import type { AccessToken } from '@countersign/core';
import { type CookieToSet, createWebAuth } from '@countersign/core/session';
import type { AuthOptions } from '../options.ts';

export interface TestSession {
  /** Claims about the user; `sub` is needed. */
  readonly user: { readonly sub: string; readonly [claim: string]: unknown };
  /** The granted scopes. Default: those of the option `scope`. */
  readonly scopes?: readonly string[];
  /** Default: `test-access-token`, good for an hour. */
  readonly accessToken?: string;
  /** Seconds from now until the access token ends. Default: 3600. */
  readonly accessTokenLifetime?: number;
  readonly refreshToken?: string;
}

/** A session for a test, as cookies and as a header. */
export interface TestSessionCookies {
  /** For Playwright: `context.addCookies(cookies)`. */
  readonly cookies: {
    name: string;
    value: string;
    url: string;
    httpOnly: true;
    secure: boolean;
    sameSite: 'Lax' | 'Strict' | 'None';
  }[];
  /** For `fetch` or a `Request`: `{ headers: { cookie: header } }`. */
  readonly header: string;
}

/**
 * Signs a user in without a provider: makes the session cookie that a login would have set.
 * Give the options that the application itself is given, its secret above all; with a `store`, the session is put there.
 */
export async function createTestSession(
  options: AuthOptions,
  session: TestSession,
): Promise<TestSessionCookies> {
  const { client, sessions } = createWebAuth(options, null);
  const { user, scopes = (client.options.scope ?? 'openid').split(' ') } = session;
  const now = Math.floor((client.options.now ?? Date.now)() / 1000);
  const resource = [client.options.resource ?? []].flat()[0];
  const accessToken: AccessToken = {
    accessToken: session.accessToken ?? 'test-access-token',
    tokenType: 'Bearer',
    expiresAt: now + (session.accessTokenLifetime ?? 3_600),
    scopes,
    ...(resource !== undefined && { resource }),
  };
  const claims = { iss: client.issuer, aud: client.clientId, iat: now, exp: now + 3_600, ...user };
  const made = await sessions.create('', {
    accessTokens: [accessToken],
    ...(session.refreshToken !== undefined && { refreshToken: session.refreshToken }),
    claims,
    scopes,
    updatedAt: now,
  });
  return {
    cookies: made.map((cookie) => playwrightCookie(cookie, sessions.origin)),
    header: made.map(({ name, value }) => `${name}=${value}`).join('; '),
  };
}

function playwrightCookie({ name, value, secure, sameSite }: CookieToSet, url: string) {
  const words = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;
  return { name, value, url, httpOnly: true as const, secure, sameSite: words[sameSite] };
}
