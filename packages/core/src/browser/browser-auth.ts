import { AuthError, AuthorizationServerError, LoginRequiredError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import { createSingleFlight } from '../internal/single-flight.ts';
import { type AccessToken, createTokenSet, findAccessToken, type TokenSet } from '../tokens/token-set.ts';
import { createAuthorization, type Transaction, validateAuthorization } from './authorization.ts';
import type {
  BrowserAuth,
  BrowserAuthSnapshot,
  GetAccessTokenOptions,
  LoginOptions,
  LogoutOptions,
} from './browser-auth-types.ts';
import { endSessionUrl, revoke } from './end-login.ts';
import { type BrowserAuthOptions, resolveOptions } from './options.ts';
import { createRefreshOnce, loginHasEnded } from './refresh-once.ts';
import { safeReturnTo } from './return-to.ts';
import { frameName, runInFrame } from './silent-frame.ts';
import { openTabs, type TabMessage } from './tabs.ts';
import { exchangeCode } from './token-request.ts';
import { createMemoryStorage } from './token-storage.ts';
import { keepTransaction, takeTransaction } from './transactions.ts';

/** Answers of a silent login that mean: nobody is signed in (OpenID Connect Core section 3.1.2.6). */
const notSignedIn = /^(login|consent|interaction|account_selection)_required$/;

/**
 * @throws ConfigurationError when an option is missing or wrong
 * @see RFC 9700, and OAuth 2.0 for Browser-Based Applications
 */
export function createBrowserAuth(options: BrowserAuthOptions): BrowserAuth {
  const context = resolveOptions(options);
  const { issuer, clientId, prefix, now, http, tell } = context;
  const storage = options.storage ?? createMemoryStorage();
  const key = `${prefix}tokens`;
  const listeners = new Set<() => void>();
  const flight = createSingleFlight<boolean>();
  let snapshot: BrowserAuthSnapshot = { status: 'loading' };
  let started: Promise<{ returnTo?: string }> | undefined;
  let tabs: ReturnType<typeof openTabs> | undefined;
  /** Counts logins and logouts: what began before one of them must not be kept after it. */
  let generation = 0;

  const leave = async (url: string) => (options.navigate ? options.navigate(url) : location.assign(url));

  function publish(next: BrowserAuthSnapshot): void {
    snapshot = next;
    for (const listener of listeners) listener();
  }

  function publishTokens(tokens: TokenSet): void {
    const expiresAt = findAccessToken(tokens, { resource: context.resources[0] })?.expiresAt;
    publish({
      status: 'signed-in',
      scope: tokens.scope,
      ...(tokens.claims && { claims: tokens.claims }),
      ...(expiresAt !== undefined && { expiresAt }),
    });
  }

  const signedOut = (error?: Error) => publish({ status: 'signed-out', ...(error && { error }) });
  const failed = (error: unknown) => {
    // Anybody can send the page an answer that nobody asked for; who is signed in stays so.
    const status = snapshot.status === 'signed-in' ? 'signed-in' : 'error';
    publish({ ...snapshot, status, error: error instanceof Error ? error : new Error('unknown') });
  };

  const read = async () => storage.get(key);
  const refreshOnce = createRefreshOnce(context, {
    read,
    async write(next) {
      await storage.set(key, next);
      publishTokens(next);
      tabs?.tell({ type: 'refresh' });
    },
    end: async () => storage.remove(key),
    // What another tab tells is published here.
    moved: (wait) =>
      new Promise((resolve) => {
        const woken = () => resolve(listeners.delete(woken));
        listeners.add(woken);
        setTimeout(woken, wait);
      }),
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
    await storage.open?.(key);
    try {
      if (isCallback) return await handleCallback(href);
    } catch (refused) {
      // A forged or stale callback ends no login that there is.
      await restore().catch(() => {});
      publish({ ...snapshot, error: refused as Error });
      return {};
    }
    try {
      await restore();
    } catch (error) {
      failed(error);
    }
    return {};
  }

  /** The login that is kept, or else one that the provider still knows of. */
  async function restore(): Promise<void> {
    const tokens = await storage.get(key);
    if (tokens && (tokens.refreshToken || isLive(tokens))) publishTokens(tokens);
    else if (!(await silentLogin())) signedOut();
  }

  const isLive = ({ accessTokens }: TokenSet) =>
    accessTokens.some(({ expiresAt }) => expiresAt === undefined || expiresAt > seconds(now));

  /**
   * @param sub nobody else is let in
   * @returns whether somebody is signed in at the provider
   */
  function silentLogin(sub?: string): Promise<boolean> {
    const { silentRedirectUri } = options;
    if (!silentRedirectUri) return Promise.resolve(false);
    return flight(`silent ${sub}`, async () => {
      const { url, transaction } = await createAuthorization(context, {
        redirectUri: silentRedirectUri,
        returnTo: '/',
        prompt: 'none',
      });
      const answer = await runInFrame(url, silentRedirectUri, http.timeout);
      if (!answer) return false;
      try {
        await complete(answer, transaction, sub);
        return true;
      } catch (error) {
        if (error instanceof AuthorizationServerError && notSignedIn.test(error.error)) return false;
        throw error;
      }
    });
  }

  async function login({ returnTo, ...request }: LoginOptions = {}): Promise<void> {
    try {
      const { url, transaction } = await createAuthorization(context, {
        ...request,
        redirectUri: options.redirectUri,
        returnTo: safeReturnTo(returnTo ?? location.href, location.origin),
      });
      keepTransaction(context, transaction);
      tell({ type: 'login.started', issuer, clientId });
      await leave(url.href);
    } catch (error) {
      publish({ ...snapshot, error: error as Error });
      throw error;
    }
  }

  async function handleCallback(url: string): Promise<{ returnTo: string }> {
    const answer = new URL(url).searchParams;
    const transaction = takeTransaction(context, answer.get('state'));
    try {
      await complete(answer, transaction);
    } catch (error) {
      const code = error instanceof AuthError ? error.code : 'unknown';
      tell({ type: 'login.failed', issuer, clientId, code });
      failed(error);
      throw error;
    }
    return { returnTo: (transaction as Transaction).returnTo };
  }

  /** From the provider's answer to kept tokens; all or nothing. */
  async function complete(
    answer: URLSearchParams,
    kept: Transaction | undefined,
    only?: string,
  ): Promise<void> {
    const begun = generation;
    const { code, transaction } = await validateAuthorization(context, answer, kept);
    const response = await exchangeCode(context, code, transaction);
    const tokens = createTokenSet(response, seconds(now), { resource: transaction.resource[0] });
    const { sub } = response.claims;
    // The user has logged out while this login was under way, or is another one at the provider.
    if (begun !== generation || sub !== (only ?? sub)) {
      await revoke(context, tokens).catch(() => {});
      throw loginHasEnded();
    }
    generation++;
    await storage.set(key, tokens);
    publishTokens(tokens);
    tell({ type: 'login.succeeded', issuer, clientId, sub });
    if (transaction.redirectUri === options.redirectUri) tabs?.tell({ type: 'login', sub });
  }

  async function getAccessToken(request: GetAccessTokenOptions = {}): Promise<AccessToken> {
    await start();
    const { scope, resource = context.resources[0] } = request;
    const kept = request.forceRefresh ? await read() : undefined;
    const refused = kept ? findAccessToken(kept, { scope, resource })?.accessToken : request.refused;
    const wanted = { resource, scope, refused };
    try {
      return await refreshOnce(wanted);
    } catch (error) {
      // A tab is frozen in the midst of its refresh. Its refresh token may be spent already, and sent again it would
      // end the login (RFC 9700 section 4.14.2). Another login of the same user leaves it alone.
      const stuck = (error as AuthError).code === 'lock_timeout';
      if (stuck && (await silentLogin(snapshot.claims?.sub).catch(() => false))) return refreshOnce(wanted);
      // The refresh token is of no use, or there is none: the provider's own session may still stand.
      if (!(error instanceof LoginRequiredError) || error.code === 'not_signed_in') throw error;
      if (await silentLogin()) return refreshOnce(wanted);
      await storage.remove(key);
      signedOut(error);
      throw error;
    }
  }

  async function authorize(request: { method: string; url: string }, token: AccessToken) {
    const { accessToken, tokenType } = token;
    const proof = await (await context.dpop())?.proof(request.method, request.url, accessToken);
    return { authorization: `${tokenType} ${accessToken}`, ...(proof && { dpop: proof }) };
  }

  async function logout({ postLogoutRedirectUri, localOnly }: LogoutOptions = {}): Promise<void> {
    generation++;
    const tokens = await storage.get(key);
    await storage.remove(key);
    signedOut();
    tabs?.tell({ type: 'logout' });
    tell({ type: 'session.ended', issuer, reason: 'logout' });
    if (tokens) await revoke(context, tokens).catch(() => {});
    if (localOnly) return;
    const url = await endSessionUrl(context, tokens, postLogoutRedirectUri ?? options.postLogoutRedirectUri);
    if (url) await leave(url);
  }

  function hear(message: TabMessage): void {
    const { status, claims } = snapshot;
    if (message.type === 'logout') {
      generation++;
      void storage.remove(key);
      signedOut();
    } else if (
      message.type === 'login'
        ? status !== 'signed-in' || claims?.sub !== message.sub
        : storage.reach === 'shared'
    ) {
      // Another user's tokens must not outlive the switch.
      if (message.type === 'login' && storage.reach !== 'shared') void storage.remove(key);
      restore().catch(failed);
    }
  }

  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start,
    login,
    handleCallback,
    getAccessToken,
    authorize,
    rememberNonce: async (url, headers) => (await context.dpop())?.remember(url, headers) ?? false,
    logout,
    stop: () => tabs?.close(),
  };
}
