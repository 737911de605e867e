import { emitEvent } from '../../client/observability.ts';
import { ConfigurationError, LoginRequiredError, TransportError } from '../../errors.ts';
import { seconds } from '../../internal/clock.ts';
import type { JsonObject } from '../../internal/json/json.ts';
import type { GetAccessTokenResult } from '../../tokens/refresh/refresh-coordinator.ts';
import {
  type AccessToken,
  type AccessTokenRequest,
  findAccessToken,
  type TokenSet,
} from '../../tokens/token-set.ts';
import type { LoadedSession } from '../backends/session-backend.ts';
import { type Session, type SessionState, toSession } from '../backends/state/session-state.ts';
import type { SessionContext } from '../context.ts';
import { type CookieToSet, parseCookies, type RequestCookies } from '../cookies/cookies.ts';
import { deleteCompletedMarker } from '../routes/login/login-marker.ts';
import { dropLogins } from '../routes/login/transactions/login-transactions.ts';
import { endLoginLoop } from './login-loop.ts';
import type { RequestSession, RequestSessionOptions, SessionTokenRequest } from './request-session.ts';
import { toSessionData } from './session-data.ts';
import { SessionHolder } from './session-holder.ts';
import { createNotWritableError, findStoredAccessToken, resolveTokenRequest } from './stored-access-token.ts';
import { isNearRefresh, isTouchDue } from './touch-due.ts';

/**
 * Opens the session of a request from its `Cookie` header.
 *
 * @throws TransportError `store_unavailable` if it is unknown whether there is a session
 */
export function openRequestSession(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: RequestSessionOptions = {},
): Promise<RequestSession> {
  const { request } = options;
  const sharedSession = request && context.requestSessions.get(request);
  if (sharedSession) return sharedSession;
  const requestSession = open(context, cookieHeader, options);
  if (request) context.requestSessions.set(request, requestSession);
  return requestSession;
}

async function open(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: RequestSessionOptions,
): Promise<RequestSession> {
  const existing = parseCookies(cookieHeader);
  const loadedSession = await load(context, existing);
  const holder = new SessionHolder(context, loadedSession);
  holder.isUse = options.isUse !== false;
  const deletions = loadedSession ? await context.backend.findDeletions(existing, loadedSession) : [];
  const requestSession = new OpenRequestSession(context, { existing, deletions }, holder, options);
  holder.requireWritable = (request) => requestSession.requireWritable(request);
  return requestSession;
}

async function load(
  { backend, client }: SessionContext,
  cookies: RequestCookies,
): Promise<LoadedSession | undefined> {
  try {
    return await backend.load(cookies);
  } catch (error) {
    if (error instanceof TransportError) emitEvent(client, { type: 'store.unavailable', port: 'session' });
    throw error;
  }
}

// A class, not closures: one instance is created for every request.
class OpenRequestSession implements RequestSession {
  private readonly context: SessionContext;
  private readonly existing: RequestCookies;
  /** Deletes the copies of the session cookie at other scopes. */
  private readonly deletions: readonly CookieToSet[];
  private readonly holder: SessionHolder;
  private readonly options: RequestSessionOptions;
  /** Deletes pending logins that no longer fit beside the session. */
  private droppedLogins: readonly CookieToSet[] = [];
  /** The tokens in the cookie that the browser has sent. */
  private readonly receivedTokens: TokenSet | undefined;

  constructor(
    context: SessionContext,
    {
      existing,
      deletions,
    }: { readonly existing: RequestCookies; readonly deletions: readonly CookieToSet[] },
    holder: SessionHolder,
    options: RequestSessionOptions,
  ) {
    this.context = context;
    this.existing = existing;
    this.deletions = deletions;
    this.holder = holder;
    this.options = options;
    this.receivedTokens = holder.loadedSession?.state.tokens;
  }

  get session(): Session | undefined {
    return this.holder.loadedSession && toSession(this.holder.loadedSession.state, this.context);
  }

  get cookies(): readonly CookieToSet[] {
    const { backend } = this.context;
    const { hasEnded, sealedSession } = this.holder;
    const changes = hasEnded
      ? backend.deleteCookies(this.existing)
      : backend.createCookies(sealedSession, this.existing);
    // The browser sends no session cookie to the next login, because this response deletes it.
    if (hasEnded)
      return [...this.deletions, ...changes, ...deleteCompletedMarker(this.context, this.existing)];
    return [...(changes.length > 0 ? this.deletions : []), ...changes, ...this.droppedLogins];
  }

  async getAccessToken(request: SessionTokenRequest = {}): Promise<AccessToken> {
    const { holder } = this;
    const tokenRequest = {
      ...resolveTokenRequest(this.context, request),
      forceRefresh: request.forceRefresh === true,
      rejectedToken: request.rejectedToken,
    };
    for (let tries = 1; ; tries++) {
      const { loadedSession } = holder;
      if (!loadedSession) throw new LoginRequiredError('not_signed_in', 'The user is not signed in.');
      if (!this.canWrite())
        return await findStoredAccessToken(this.context, loadedSession.state.tokens, {
          request,
          options: this.options,
        });
      try {
        const result = await this.context.coordinator.getAccessToken(holder, tokenRequest);
        if (result.changed) await this.applyRefresh(result);
        else this.context.backend.recordUse(loadedSession, tokenRequest);
        return result.accessToken;
      } catch (error) {
        if (error instanceof LoginRequiredError && error.code === 'session_ended') await holder.clear();
        // The response was sent while this call waited, or that of another request whose refresh this call waited for.
        if (!isWrongContext(error) || tries >= maxTries)
          throw await endLoginLoop(this.context, loadedSession.state, tokenRequest, error);
      }
    }
  }

  /** @throws ConfigurationError `wrong_context` if no cookie can be set any more, `cookies_too_large` if it would not fit */
  requireWritable(request: AccessTokenRequest): void {
    if (!this.canWrite()) throw createNotWritableError(this.options);
    const { loadedSession } = this.holder;
    if (loadedSession) this.context.backend.requireSpace(loadedSession, request);
  }

  private async applyRefresh(result: GetAccessTokenResult): Promise<void> {
    await this.holder.applyTokens(result);
    // The response was sent during the refresh. The browser will send the previous cookie again, perhaps much later.
    if (!this.canWrite()) await this.retainTokens();
    await this.fitLogins();
  }

  private async fitLogins(): Promise<void> {
    const { context, existing, holder } = this;
    const changes = context.backend.createCookies(holder.sealedSession, existing);
    if (changes.length > 0) this.droppedLogins = await dropLogins(context, existing, changes);
  }

  async retainTokens(): Promise<void> {
    const { context, holder, receivedTokens } = this;
    const tokens = holder.loadedSession?.state.tokens;
    if (context.backend.kind === 'stored' || !receivedTokens || !tokens || tokens === receivedTokens) return;
    const { sealedSession } = holder;
    await context.coordinator.saveUnwrittenTokens(receivedTokens, {
      tokens,
      ...(sealedSession && { sealedSession }),
    });
  }

  getRemainingLifetime(request: SessionTokenRequest = {}): number | undefined {
    const { loadedSession } = this.holder;
    const expiresAt =
      loadedSession &&
      findAccessToken(loadedSession.state.tokens, resolveTokenRequest(this.context, request))?.expiresAt;
    return expiresAt === undefined ? undefined : expiresAt - seconds(this.context.now);
  }

  async update(change: (data: Readonly<JsonObject>) => JsonObject): Promise<Session> {
    if (!this.holder.loadedSession)
      throw new LoginRequiredError('not_signed_in', 'The user is not signed in.');
    this.requireChangeable();
    await this.applyNewestTokens();
    const isWritten = await this.holder.change((state) => ({
      ...state,
      // A copy, because other requests share the state.
      data: toSessionData(change(structuredClone(state.data ?? {}))),
    }));
    const { session } = this;
    if (!isWritten || !session) throw new LoginRequiredError('session_ended', 'The session has ended.');
    // The response may have been sent in the meantime, without the cookie that contains the change.
    this.requireChangeable();
    await this.fitLogins();
    return session;
  }

  /** A cookie session is written once more, so that its response deletes the other copies. */
  private hasCopies(): boolean {
    return this.context.backend.kind === 'cookie' && this.deletions.length > 0;
  }

  private requireChangeable(): void {
    if (this.canWrite()) return;
    throw new ConfigurationError(
      'wrong_context',
      'The session cannot be changed here. Change it in an action or a handler, before the response is returned or its headers are sent.',
    );
  }

  async touch({ force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const { loadedSession } = this.holder;
    const { context } = this;
    if (!loadedSession || !this.canWrite()) return;
    if (!force && !this.holder.isUse) return;
    const isDue = (state: SessionState) => force || this.hasCopies() || isTouchDue(context, state);
    if (!isDue(loadedSession.state)) return;
    if (
      isNearRefresh(context, loadedSession.state) &&
      !(await this.refreshForTouch(loadedSession.state, { force }))
    )
      return;
    try {
      await this.applyNewestTokens();
      // Another request may have recorded its use in the meantime.
      const isWritten = await this.holder.change((state) => (isDue(state) ? state : undefined));
      if (!isWritten) await this.holder.reload();
    } catch (error) {
      // The next request records the use. The session, or the token of the caller, is returned.
      if (force || !(error instanceof TransportError)) throw error;
      emitEvent(context.client, { type: 'store.unavailable', port: 'session' });
    }
    await this.fitLogins();
  }

  /**
   * Refreshes the tokens, which records the use too: all concurrent requests then set the same cookie.
   *
   * @returns true if the use must be recorded without a refresh, because the provider is unavailable or has rejected the
   *   refresh, and the session has not ended
   */
  private async refreshForTouch(
    { usedAt }: SessionState,
    { force }: { readonly force: boolean },
  ): Promise<boolean> {
    const { idleLifetime, now } = this.context;
    // A token of another resource can be near its expiry for a long time.
    const isOverdue = seconds(now) - usedAt > idleLifetime / 2;
    try {
      await this.getAccessToken({ forceRefresh: force || isOverdue });
      return false;
    } catch (error) {
      // With `lock_timeout`, another request is refreshing.
      const isRefreshing = error instanceof TransportError && error.code === 'lock_timeout';
      return !isRefreshing && !isWrongContext(error) && this.holder.loadedSession !== undefined;
    }
  }

  /** Without it, the next cookie would restore a refresh token that another request has spent. */
  private async applyNewestTokens(): Promise<void> {
    const { backend, coordinator } = this.context;
    const { loadedSession } = this.holder;
    if (backend.kind === 'cookie' && loadedSession)
      await this.holder.applyTokens(await coordinator.findNewestTokens(loadedSession.state.tokens));
  }

  private canWrite(): boolean {
    const { writable = true } = this.options;
    return this.context.backend.kind === 'stored' || (typeof writable === 'function' ? writable() : writable);
  }
}

/** Maximum tries of a request that waits for refreshes of other requests. */
const maxTries = 3;

const isWrongContext = (error: unknown) =>
  error instanceof ConfigurationError && error.code === 'wrong_context';
