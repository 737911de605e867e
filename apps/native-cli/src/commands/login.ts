import { createAuthorizationRequest, exchangeCode, validateAuthorizationResponse } from '@countersign/core';
import { describeError } from '../describe-error.ts';
import { listenOnLoopback } from '../loopback.ts';
import type { Output } from '../output.ts';
import { createFailurePage, signedInPage } from '../pages.ts';
import type { Session } from '../session.ts';
import { reportLogin, storeLogin } from './new-login.ts';

export interface LoginOptions {
  /** If false, the URL is printed and no browser is opened. */
  readonly browser: boolean;
  /** The port of the redirect URI. 0: the operating system chooses it. */
  readonly port: number;
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
  const { client, config } = session;
  const listener = await listenOnLoopback(options.port);
  try {
    const { url, transaction } = await createAuthorizationRequest(client, {
      redirectUri: listener.redirectUri,
      // OpenID Connect Core section 11: offline access requires the user's consent. RFC 8252 section 8.6 recommends
      // consent too, because another program on this machine can use this client ID.
      ...(config.refreshTokens && { prompt: 'consent' }),
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
        return storeLogin(session, tokenResponse);
      },
      createPage: ({ error }) =>
        error === undefined ? signedInPage : createFailurePage(describeError(error).message),
      onStateMismatch: () =>
        output.note('A response that does not belong to this login was rejected. Still waiting ...'),
    });
    reportLogin(session, output, tokens);
  } finally {
    await listener.close();
  }
}
