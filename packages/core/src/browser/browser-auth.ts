import { AuthError, LoginRequiredError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { sanitizeReturnTo } from '../protocol/return-to.ts';
import { type AccessToken, findAccessToken, type TokenSet } from '../tokens/token-set.ts';
import type {
  BrowserAccessToken,
  BrowserAuth,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
import { type BrowserTransaction, createAuthorization } from './login/authorization.ts';
import { completeLogin } from './login/complete-login.ts';
import { endSessionUrl, revoke } from './login/end-login.ts';
import { frameName } from './login/silent-frame.ts';
import { createSilentLogin } from './login/silent-login.ts';
import { keepTransaction, takeTransaction } from './login/transactions.ts';
import { type BrowserAuthOptions, resolveOptions } from './options.ts';
import { createRefreshOnce, loginHasEnded, type WantedToken } from './refresh-once.ts';
import { createKeptLogin } from './state/kept-login.ts';
import { findHolder, isSameHolder, type LoginHolder } from './state/login-holder.ts';
import { openTabs, type TabMessage } from './state/tabs.ts';
import { createMemoryStorage } from './state/token-storage.ts';

/**
 * @throws ConfigurationError when an option is missing or wrong
 * @see RFC 9700, and OAuth 2.0 for Browser-Based Applications
 */
export function createBrowserAuth(options: BrowserAuthOptions): BrowserAuth {
  const context = resolveOptions(options);
  const { issuer, clientId, prefix, now, tell } = context;
  const storage = options.storage ?? createMemoryStorage();
  const kept = createKeptLogin(context, storage);
  const { snapshot, publish, failed, read, generation } = kept;
  const silentLogin = createSilentLogin(context, kept);
  let started: Promise<{ returnTo?: string }> | undefined;
  let tabs: ReturnType<typeof openTabs> | undefined;
  /** Logins of this tab that are being completed. */
  let answering = 0;

  const leave = async (url: string) => (options.navigate ? options.navigate(url) : location.assign(url));

  const refreshOnce = createRefreshOnce(context, {
    read,
    async replace(expected, next) {
      const replaced = await kept.replace(expected, next);
      if (replaced) tabs?.tell({ type: 'refresh' });
      return replaced;
    },
    // What another tab tells is published here.
    moved: kept.changed,
  });

  function start(): Promise<{ returnTo?: string }> {
    // On a server, and in the hidden frame, there is nothing to find out.
    if (typeof window === 'undefined' || window.name === frameName) return new Promise(() => {});
    started ??= run();
    return started;
  }

  async function run(): Promise<{ returnTo?: string }> {
    tabs = openTabs(context, hear);
    const { origin, pathname, search, href } = location;
    const parameters = new URLSearchParams(search);
    const isCallback =
      origin + pathname === options.redirectUri &&
      ['code', 'error', 'state'].some((name) => parameters.has(name));
    // The code leaves the address bar, and with it history and Referer, before anything else happens.
    if (isCallback) history.replaceState(history.state, '', pathname);
    let rejected: unknown;
    try {
      await storage.open?.(`${prefix}tokens`);
      if (isCallback) return await answerCallback(href);
    } catch (error) {
      rejected = error;
    }
    // A forged or stale callback ends no login that there is.
    await restore().catch(failed);
    if (rejected) publish({ ...snapshot(), error: rejected as Error });
    return {};
  }

  /** Shows the login that is kept, or else one of the same user that the provider still knows of. */
  async function restore(): Promise<void> {
    const begun = generation();
    const tokens = await read();
    const holder = findHolder(tokens);
    let restored = true;
    try {
      if (tokens && (tokens.refreshToken || isLive(tokens))) {
        if (begun === generation()) return kept.publishTokens(tokens);
      } else restored = await silentLogin(holder);
    } catch (error) {
      if (begun === generation()) throw error;
    }
    // A login, of this call or another, or a logout came meanwhile: its outcome is shown already, or sought anew.
    if (begun !== generation()) return snapshot().status === 'loading' ? restore() : undefined;
    if (!restored) await forget(holder);
  }

  async function forget(holder: LoginHolder | undefined, error?: Error): Promise<void> {
    await kept.forget(holder, error);
    tabs?.tell({ type: 'end' });
  }

  const isLive = ({ accessTokens }: TokenSet) =>
    accessTokens.some(({ expiresAt }) => expiresAt === undefined || expiresAt > seconds(now));

  async function login({ returnTo, ...request }: LoginOptions = {}): Promise<void> {
    try {
      const { url, transaction } = await createAuthorization(context, {
        ...request,
        redirectUri: options.redirectUri,
        returnTo: sanitizeReturnTo(returnTo ?? location.href, {
          origin: location.origin,
          maxLength: Number.POSITIVE_INFINITY,
        }),
      });
      keepTransaction(context, transaction);
      tell({ type: 'login.started', issuer, clientId });
      await leave(url.href);
    } catch (error) {
      publish({ ...snapshot(), error: error as Error });
      throw error;
    }
  }

  const handleCallback = (url: string) =>
    answerCallback(url).catch((error) => {
      failed(error);
      throw error;
    });

  async function answerCallback(url: string): Promise<{ returnTo: string }> {
    const begun = generation();
    answering++;
    try {
      const parameters = new URL(url).searchParams;
      const transaction = takeTransaction(context, parameters.get('state'));
      const attempt = { begun, before: await read(), isVisible: true };
      const { sub } = await completeLogin(context, kept, { parameters, transaction, ...attempt });
      tabs?.tell({ type: 'login', sub });
      return { returnTo: (transaction as BrowserTransaction).returnTo };
    } catch (error) {
      const code = error instanceof AuthError ? error.code : 'unknown';
      tell({ type: 'login.failed', issuer, clientId, code });
      throw error;
    } finally {
      answering--;
    }
  }

  async function getAccessToken(request: GetAccessTokenOptions = {}): Promise<BrowserAccessToken> {
    // Before the first wait: a request belongs to the user whom the page shows when it begins.
    const { status, holder: shown = null } = snapshot();
    const { holder: begunWith = status === 'loading' ? undefined : shown } = request;
    await start();
    const { holder } = snapshot();
    if (begunWith && !isSameHolder(begunWith, holder)) throw loginHasEnded();
    if (begunWith === null || !holder) {
      await kept.follow();
      throw new LoginRequiredError(
        'not_signed_in',
        'No user was signed in when the request began. Call login() first.',
      );
    }
    const { scope, resource = context.resources[0] } = request;
    const tokens = request.forceRefresh ? await read() : undefined;
    const refused = tokens ? findAccessToken(tokens, { scope, resource })?.accessToken : request.refused;
    const token = await renew({ resource, scope, refused, holder });
    requireCurrent(holder);
    return { ...token, holder };
  }

  async function renew(wanted: WantedToken): Promise<AccessToken> {
    const { holder } = wanted;
    try {
      return await refreshOnce(wanted);
    } catch (error) {
      // A tab is frozen in the midst of its refresh. Its refresh token may be spent already, and sent again it would
      // end the login (RFC 9700 section 4.14.2). Another login of the same user leaves it alone.
      const stuck = (error as AuthError).code === 'lock_timeout';
      if (!stuck && !(error instanceof LoginRequiredError)) throw error;
      const tokens = await read();
      // After a logout, or with another user's tokens in the storage, there is nothing to renew.
      if (!tokens || !isSameHolder(holder, findHolder(tokens))) {
        await kept.follow();
        throw stuck ? loginHasEnded() : error;
      }
      // The refresh token is of no use, or there is none: the provider's own session may still stand.
      const renewed = silentLogin(holder);
      if (await (stuck ? renewed.catch(() => false) : renewed)) return refreshOnce(wanted);
      // What one API needs and the provider does not give ends no login whose own token is valid.
      if (!stuck && !isLive(tokens)) await forget(holder, error as Error);
      throw error;
    }
  }

  /** @throws LoginRequiredError when the page shows another login, or none, by now */
  function requireCurrent(holder: LoginHolder): void {
    if (!isSameHolder(holder, snapshot().holder)) throw loginHasEnded();
  }

  async function authorize(request: { method: string; url: string }, token: BrowserAccessToken) {
    const { accessToken, tokenType, holder } = token;
    const proof = await (await context.dpop())?.proof(request.method, request.url, accessToken);
    if (holder) requireCurrent(holder);
    return { authorization: `${tokenType} ${accessToken}`, ...(proof && { dpop: proof }) };
  }

  async function logout({ postLogoutRedirectUri, localOnly }: LogoutOptions = {}): Promise<void> {
    const tokens = await kept.end();
    tabs?.tell({ type: 'logout' });
    tell({ type: 'session.ended', issuer, reason: 'logout' });
    if (tokens) await revoke(context, tokens).catch(() => {});
    if (localOnly) return;
    const url = await endSessionUrl(context, tokens, postLogoutRedirectUri ?? options.postLogoutRedirectUri);
    if (url) await leave(url);
  }

  function hear(message: TabMessage): void {
    const { status, claims } = snapshot();
    if (storage.reach === 'shared') {
      // The other tab has changed the tokens; what is under way here compares itself with them.
      if (message.type === 'logout') kept.advance();
      kept.follow().catch(failed);
    } else if (message.type === 'logout') {
      kept.end().catch(failed);
    } else if (message.type === 'login' && status === 'signed-in') {
      // Another user's tokens must not outlive the switch.
      if (claims?.sub !== message.sub) kept.end().then(restoreAnew).catch(failed);
    } else if (message.type === 'login' && answering === 0) {
      // Otherwise this tab is about to be signed in by a login of its own.
      kept.advance();
      restoreAnew().catch(failed);
    }
  }

  const restoreAnew = async () =>
    answering > 0 || snapshot().status === 'signed-in' ? undefined : restore();

  return {
    snapshot,
    subscribe: kept.subscribe,
    start,
    login,
    handleCallback,
    getAccessToken,
    authorize,
    rememberNonce: async (url, headers) => (await context.dpop())?.remember(url, headers) ?? false,
    logout,
    stop() {
      tabs?.close();
      tabs = undefined;
    },
  };
}
