import {
  createAuthorizationRequest,
  createTokenSet,
  exchangeCode,
  validateAuthorizationResponse,
} from '@countersign/core';
import { describeError } from '../describe-error.ts';
import { listenOnLoopback } from '../loopback.ts';
import { duration, type Output, printable } from '../output.ts';
import { failedLogin, signedIn } from '../pages.ts';
import type { Session } from '../session.ts';

export interface LoginOptions {
  /** False prints the address and opens nothing. */
  readonly browser: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly openBrowser: (url: string) => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

/** Authorization code with PKCE through the user's own browser. @see RFC 8252, RFC 7636 */
export async function login(session: Session, output: Output, options: LoginOptions): Promise<void> {
  const { client, config, file, lock } = session;
  const listener = await listenOnLoopback();
  try {
    const offline = config.scope.split(' ').includes('offline_access');
    const { url, transaction } = await createAuthorizationRequest(client, {
      redirectUri: listener.redirectUri,
      // OpenID Connect Core section 11: offline access is given with the user's consent. RFC 8252 section 8.6 asks for it
      // too, because another program on this machine could use this client identifier.
      ...(offline && { prompt: 'consent' }),
    });
    const opened = options.browser && (await options.openBrowser(url.href));
    if (opened) output.note('The login page was opened in your browser. Waiting for the answer ...');
    else output.result({ authorizationUrl: url.href }, `Open this address in a browser:\n\n  ${url.href}\n`);

    const tokens = await listener.receive({
      state: transaction.state,
      timeout: options.timeout * 1000,
      signal: options.signal,
      async handle(parameters) {
        const response = await validateAuthorizationResponse(client, parameters, transaction);
        const answer = await exchangeCode(client, response, transaction);
        const fresh = createTokenSet(answer, Math.floor(session.now() / 1000), { resource: config.resource });
        // Not between another process's refresh and its writing of the result.
        await withLock(lock, () => file.save(fresh));
        return fresh;
      },
      pageOf: ({ error }) => (error === undefined ? signedIn : failedLogin(describeError(error).message)),
      onForeign: () =>
        output.note('An answer that belongs to no login of yours was refused. Still waiting ...'),
    });

    const [accessToken] = tokens.accessTokens;
    const life = accessToken?.expiresAt && accessToken.expiresAt - tokens.updatedAt;
    const { claims } = tokens;
    const sub = claims?.sub;
    const refreshable = tokens.refreshToken !== undefined;
    const who = printable(String(claims?.name ?? claims?.email ?? sub ?? 'an unnamed user'));
    const lines = [
      `Signed in as ${who}.`,
      `Granted: ${(accessToken ?? tokens).scopes.join(' ')}`,
      `The access token is valid for ${life ? duration(life) : 'an unknown time'}; ${refreshNote(offline, refreshable)}`,
      `Kept in ${file.path}`,
    ];
    output.result(
      {
        status: 'signed_in',
        sub: sub ?? null,
        scopes: (accessToken ?? tokens).scopes,
        expiresIn: life ?? null,
        refreshable,
        ...(!refreshable && { notice: refreshNote(offline, refreshable) }),
      },
      lines.join('\n'),
    );
  } finally {
    await listener.close();
  }
}

function refreshNote(offline: boolean, refreshable: boolean): string {
  if (refreshable) return 'it is refreshed when it has expired.';
  if (offline) {
    return 'the provider gave no refresh token although offline_access was asked for, so you must log in again when it has expired. The API and the client must allow offline access at the provider.';
  }
  return 'there is no refresh token, because SCOPE does not contain offline_access, so you must log in again when it has expired.';
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
