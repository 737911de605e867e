import type { AccessToken } from '@countersign/core';
import { type CookieToSet, createWebAuth } from '@countersign/core/session';
import type { AuthOptions } from '../options.ts';

/** The user and the tokens of a test session. */
export interface TestSession {
  /** Claims about the user. `sub` is required. */
  readonly user: { readonly sub: string; readonly [claim: string]: unknown };
  /** Granted scopes. Default: the option `scope`. */
  readonly scopes?: readonly string[] | undefined;
  /** The access token. Default: `test-access-token`. */
  readonly accessToken?: string | undefined;
  /** Seconds until the access token expires. Default: 3600. */
  readonly accessTokenLifetime?: number | undefined;
  /** The refresh token. Default: none, so the session cannot be refreshed. */
  readonly refreshToken?: string | undefined;
}

/** The cookies of a test session. */
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
 * Signs a user in without a provider: creates the session cookies that a login would set.
 *
 * @param options the options of the application, with the same `secret`; with a `store`, the session is stored there
 * @throws ConfigurationError that names all missing and wrong options
 * @example
 * ```ts
 * import { createTestSession } from '@countersign/next/testing';
 *
 * const { header } = await createTestSession(
 *   {
 *     issuer: 'https://login.example',
 *     clientId: 'web',
 *     secret: 'at least 32 characters, the same as the application',
 *     baseUrl: 'https://app.example',
 *   },
 *   { user: { sub: 'alice' } },
 * );
 * const response = await fetch('https://app.example/dashboard', { headers: { cookie: header } });
 * ```
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
  const cookies = await sessions.create('', {
    accessTokens: [accessToken],
    ...(session.refreshToken !== undefined && { refreshToken: session.refreshToken }),
    claims,
    scopes,
    updatedAt: now,
  });
  return {
    cookies: cookies.map((cookie) => toPlaywrightCookie(cookie, sessions.origin)),
    header: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
  };
}

function toPlaywrightCookie({ name, value, secure, sameSite }: CookieToSet, url: string) {
  const sameSiteNames = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;
  return { name, value, url, httpOnly: true as const, secure, sameSite: sameSiteNames[sameSite] };
}
