import {
  createAuthorizationRequest,
  createTokenSet,
  exchangeCode,
  validateAuthorizationResponse,
} from '@countersign/core';
import { describeError } from '../describe-error.ts';
import { listenOnLoopback } from '../loopback.ts';
import { formatDuration, type Output, toPrintable } from '../output.ts';
import { createFailurePage, signedInPage } from '../pages.ts';
import type { Session } from '../session.ts';

export interface LoginOptions {
  /** If false, the URL is printed and no browser is opened. */
  readonly browser: boolean;
  /** Seconds to wait for the authorization response. */
  readonly timeout: number;
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Logs in with the authorization code flow, PKCE and the user's browser.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8252
 * @see https://www.rfc-editor.org/rfc/rfc7636
 */
export async function login(session: Session, output: Output, options: LoginOptions): Promise<void> {
  const { client, config, file, lock } = session;
  const listener = await listenOnLoopback();
  try {
    const isOffline = config.scope.split(' ').includes('offline_access');
    const { url, transaction } = await createAuthorizationRequest(client, {
      redirectUri: listener.redirectUri,
      // OpenID Connect Core section 11: offline access requires the user's consent. RFC 8252 section 8.6 recommends
      // consent too, because another program on this machine can use this client ID.
      ...(isOffline && { prompt: 'consent' }),
    });
    const isBrowserOpen = options.browser && (await options.openBrowser(url.href));
    // The command that opens the browser may succeed without a window, for example in a remote shell.
    if (isBrowserOpen) {
      output.note(`The login page is open in your browser. If it is not, open this URL:\n\n  ${url.href}\n`);
    } else output.result({ authorizationUrl: url.href }, `Open this URL in a browser:\n\n  ${url.href}\n`);

    const tokens = await listener.receive({
      state: transaction.state,
      timeout: options.timeout * 1000,
      signal: options.signal,
      async handle(parameters) {
        const response = await validateAuthorizationResponse(client, parameters, transaction);
        const tokenResponse = await exchangeCode(client, response, transaction);
        const newTokens = createTokenSet(tokenResponse, Math.floor(session.now() / 1000), {
          resource: config.resource,
        });
        // Locked, so that a refresh of another process does not overwrite the new tokens.
        await withLock(lock, () => file.save(newTokens));
        return newTokens;
      },
      createPage: ({ error }) =>
        error === undefined ? signedInPage : createFailurePage(describeError(error).message),
      onStateMismatch: () =>
        output.note('A response that does not belong to this login was rejected. Still waiting ...'),
    });

    const [accessToken] = tokens.accessTokens;
    const lifetime = accessToken?.expiresAt && accessToken.expiresAt - tokens.updatedAt;
    const { claims } = tokens;
    const sub = claims?.sub;
    const isRefreshable = tokens.refreshToken !== undefined;
    const name = toPrintable(String(claims?.name ?? claims?.email ?? sub ?? 'an unknown user'));
    const lines = [
      `Signed in as ${name}.`,
      `Granted: ${(accessToken ?? tokens).scopes.join(' ')}`,
      `The access token is valid for ${lifetime ? formatDuration(lifetime) : 'an unknown time'}. ${describeRefresh({ isOffline, isRefreshable })}`,
      `Stored in ${file.path}`,
    ];
    output.result(
      {
        status: 'signed_in',
        sub: sub ?? null,
        scopes: (accessToken ?? tokens).scopes,
        expiresIn: lifetime ?? null,
        refreshable: isRefreshable,
        ...(!isRefreshable && { notice: describeRefresh({ isOffline, isRefreshable }) }),
      },
      lines.join('\n'),
    );
  } finally {
    await listener.close();
  }
}

function describeRefresh(login: { readonly isOffline: boolean; readonly isRefreshable: boolean }): string {
  if (login.isRefreshable) return 'It is refreshed when it has expired.';
  if (login.isOffline) {
    return 'The provider returned no refresh token although offline_access was requested: log in again when the access token has expired. The API and the client must allow offline access at the provider.';
  }
  return 'There is no refresh token, because SCOPE does not contain offline_access: log in again when the access token has expired.';
}

async function withLock(lock: Session['lock'], run: () => Promise<void>): Promise<void> {
  const owner = crypto.randomUUID();
  await lock.acquire('login', { owner, timeToLive: 10_000, wait: 10_000 });
  try {
    await run();
  } finally {
    await lock.release('login', owner);
  }
}
