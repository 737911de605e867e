import { getClientContext } from '../client/client-context.ts';
import { emitEvent } from '../client/observability.ts';
import { ConfigurationError, LoginRequiredError, TransportError } from '../errors.ts';
import { type Clock, seconds } from '../internal/clock.ts';
import type { JsonObject } from '../internal/json/json.ts';
import type { GetAccessTokenResult, TokenHolder } from '../tokens/refresh-coordinator.ts';
import { type AccessToken, findAccessToken, isValid, type TokenSet } from '../tokens/token-set.ts';
import type { LoadedSession, SessionBackend } from './backends/session-backend.ts';
import { type Session, type SessionState, toSession } from './backends/session-state.ts';
import { type CookieToSet, parseCookies, type RequestCookies } from './cookies/cookies.ts';
import type { SessionContext } from './options.ts';

/** What can be done while a request is answered. */
export interface RequestSessionOptions {
  /**
   * False where no cookie can be set any more, such as while a page is rendered; a function is asked each time.
   * A refresh token of a cookie session is then never spent: its successor would be lost.
   */
  readonly writable?: boolean | (() => boolean);
  /** The page that is being rendered; the error about it names it. */
  readonly path?: string | undefined;
  /**
   * What stands for the request, as long as its cookies are what they are: all who name the same object are given the
   * same session, and so see each other's refreshes and changes. The options of the first one count.
   */
  readonly request?: object | undefined;
}

/** Which access token is wanted. Default: the one of the login. */
export interface SessionTokenRequest {
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
  /** Refresh although the token is still valid, because an API refused it. */
  readonly forceRefresh?: boolean | undefined;
}

/** The session of one request. */
export interface RequestSession {
  /** The session as it is now; absent when nobody is signed in. */
  readonly session: Session | undefined;
  /** Cookies that the response must set, after everything that was called here. */
  readonly cookies: readonly CookieToSet[];
  /**
   * An access token that is valid for a while; refreshed if need be.
   *
   * @throws LoginRequiredError when nobody is signed in, or the provider has ended the session
   * @throws ConfigurationError `wrong_context` when a refresh is needed where no cookie can be set
   * @throws TransportError when the provider is not well; the session stays
   */
  getAccessToken(request?: SessionTokenRequest): Promise<AccessToken>;
  /** Seconds until the access token ends; `undefined` when it is not there or its end is not known. */
  remainingLife(request?: SessionTokenRequest): number | undefined;
  /**
   * Changes what the application keeps in the session.
   *
   * @throws LoginRequiredError when nobody is signed in
   */
  update(change: (data: Readonly<JsonObject>) => JsonObject): Promise<Session>;
  /** Writes that the session is being used, when that is due; otherwise it does nothing. */
  touch(): Promise<void>;
}

/**
 * Opens the session of a request, from its `Cookie` header.
 *
 * @throws TransportError `store_unavailable` when it cannot be known whether there is a session
 */
export function openRequestSession(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: RequestSessionOptions = {},
): Promise<RequestSession> {
  const { request } = options;
  const known = request && context.opened.get(request);
  if (known) return known;
  const opened = open(context, cookieHeader, options);
  if (request) context.opened.set(request, opened);
  return opened;
}

async function open(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: RequestSessionOptions,
): Promise<RequestSession> {
  const existing = parseCookies(cookieHeader);
  const held = new HeldSession(context, await load(context, existing));
  const opened = new OpenedSession(context, existing, held, options);
  held.requireWritable = () => opened.requireWritable();
  return opened;
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

/** The session as it is now, and what the browser has to be told about it. */
class HeldSession implements TokenHolder {
  loaded: LoadedSession | undefined;
  sealedSession: string | undefined;
  ended = false;
  requireWritable?: () => void;
  private readonly backend: SessionBackend;
  private readonly now: Clock;
  /** Seconds since the epoch; `undefined` once it was read. */
  private loadedAt: number | undefined;
  private latest: Promise<unknown> | undefined;

  constructor({ backend, now }: SessionContext, loaded: LoadedSession | undefined) {
    this.backend = backend;
    this.now = now;
    this.loaded = loaded;
    this.loadedAt = seconds(now);
  }

  async read(): Promise<TokenSet | undefined> {
    // What this request has just loaded need not be loaded again. Later readings look for what others have done.
    const isNew = this.loadedAt === seconds(this.now);
    this.loadedAt = undefined;
    if (!isNew) {
      await this.inTurn(async () => {
        this.loaded = this.loaded && (await this.backend.reload(this.loaded));
      });
    }
    return this.loaded?.state.tokens;
  }

  async write(tokens: TokenSet): Promise<{ readonly sealedSession?: string } | false> {
    if (!(await this.change((state) => ({ ...state, tokens })))) return false;
    return this.sealedSession === undefined ? {} : { sealedSession: this.sealedSession };
  }

  async end(): Promise<void> {
    if (this.loaded) await this.backend.end(this.loaded);
  }

  /** @returns false when the session has ended meanwhile */
  change(how: (state: SessionState) => SessionState): Promise<boolean> {
    return this.inTurn(async () => {
      const written = this.loaded && (await this.backend.write(this.loaded, how));
      if (!written) return false;
      this.loaded = written.loaded;
      this.sealedSession = written.sealedSession;
      return true;
    });
  }

  /** Takes over what a refresh, here or elsewhere, has brought. */
  adopt({ tokens, sealedSession }: Pick<GetAccessTokenResult, 'tokens' | 'sealedSession'>): Promise<void> {
    return this.inTurn(async () => {
      if (!this.loaded || this.loaded.state.tokens === tokens) return;
      // Another's cookie knows nothing of what this request has changed.
      const theirs = this.sealedSession === undefined ? sealedSession : undefined;
      const adopted = await this.backend.adopt(this.loaded, tokens, theirs);
      this.loaded = adopted;
      this.sealedSession = adopted.sealedSession;
    });
  }

  forget(): Promise<void> {
    return this.inTurn(async () => {
      this.loaded = undefined;
      this.ended = true;
    });
  }

  /** One after another, as each begins with what the one before it has left. */
  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.latest ? this.latest.then(run, run) : run();
    this.latest = turn;
    return turn;
  }
}

// A class, and not closures: one of these is made for every request.
class OpenedSession implements RequestSession {
  private readonly context: SessionContext;
  private readonly existing: RequestCookies;
  private readonly held: HeldSession;
  private readonly options: RequestSessionOptions;

  constructor(
    context: SessionContext,
    existing: RequestCookies,
    held: HeldSession,
    options: RequestSessionOptions,
  ) {
    this.context = context;
    this.existing = existing;
    this.held = held;
    this.options = options;
  }

  get session(): Session | undefined {
    return this.held.loaded && toSession(this.held.loaded.state);
  }

  get cookies(): readonly CookieToSet[] {
    const { backend } = this.context;
    return this.held.ended
      ? backend.forget(this.existing)
      : backend.cookies(this.held.sealedSession, this.existing);
  }

  async getAccessToken(request: SessionTokenRequest = {}): Promise<AccessToken> {
    const { held } = this;
    const wanted = { ...this.wanted(request), forceRefresh: request.forceRefresh === true };
    for (let tries = 1; ; tries++) {
      const { loaded } = held;
      if (!loaded) throw new LoginRequiredError('not_signed_in', 'Nobody is signed in.');
      if (!this.canWrite()) return this.readOnlyAccessToken(loaded, request);
      try {
        const result = await this.context.coordinator.getAccessToken(held, wanted);
        if (result.changed) await this.adopt(loaded, result);
        return result.accessToken;
      } catch (error) {
        if (error instanceof LoginRequiredError && error.code === 'session_ended') await held.forget();
        // This one waited for the refresh of another request, and the response of that request was sent meanwhile.
        const isOfAnother = isWrongContext(error) && this.canWrite() && tries < maxTries;
        if (!isOfAnother) throw error;
      }
    }
  }

  /** @throws ConfigurationError `wrong_context` when no cookie can be set any more */
  requireWritable(): void {
    if (!this.canWrite()) throw this.notWritable();
  }

  private async adopt(before: LoadedSession, result: GetAccessTokenResult): Promise<void> {
    await this.held.adopt(result);
    // The response was sent during the refresh: the browser comes again with the old cookie, perhaps much later.
    if (!this.canWrite()) await this.context.coordinator.saveUnwrittenTokens(before.state.tokens, result);
  }

  remainingLife(request: SessionTokenRequest = {}): number | undefined {
    const { loaded } = this.held;
    const expiresAt = loaded && findAccessToken(loaded.state.tokens, this.wanted(request))?.expiresAt;
    return expiresAt === undefined ? undefined : expiresAt - seconds(this.context.now);
  }

  async update(change: (data: Readonly<JsonObject>) => JsonObject): Promise<Session> {
    if (!this.held.loaded) throw new LoginRequiredError('not_signed_in', 'Nobody is signed in.');
    this.requireChangeable();
    await this.catchUp();
    const written = await this.held.change((state) => ({
      ...state,
      // A copy, as others share the state, and nothing forbids to change what one is given.
      data: change(structuredClone(state.data ?? {})),
    }));
    const { session } = this;
    if (!written || !session) throw new LoginRequiredError('session_ended', 'The session has ended.');
    // The response may have been sent meanwhile, without the cookie that holds the change.
    this.requireChangeable();
    return session;
  }

  private requireChangeable(): void {
    if (this.canWrite()) return;
    throw new ConfigurationError(
      'wrong_context',
      'The session can be changed only in an action or a handler, and only before its response is returned or its headers are sent.',
    );
  }

  async touch(): Promise<void> {
    const { loaded } = this.held;
    if (!loaded || !isTouchDue(this.context, loaded.state) || !this.canWrite()) return;
    await this.catchUp();
    await this.held.change((state) => state);
  }

  /** The cookie that is about to be written must not bring back a refresh token that another request has spent. */
  private async catchUp(): Promise<void> {
    const { backend, coordinator } = this.context;
    const { loaded } = this.held;
    if (backend.kind === 'cookie' && loaded)
      await this.held.adopt(await coordinator.findNewestTokens(loaded.state.tokens));
  }

  private canWrite(): boolean {
    const { writable = true } = this.options;
    return this.context.backend.kind === 'stored' || (typeof writable === 'function' ? writable() : writable);
  }

  private wanted({ resource, scope }: SessionTokenRequest) {
    return { resource: resource ?? this.context.resource, scope };
  }

  private readOnlyAccessToken({ state }: LoadedSession, request: SessionTokenRequest): AccessToken {
    const entry = findAccessToken(state.tokens, this.wanted(request));
    if (entry && !request.forceRefresh && isValid(entry, seconds(this.context.now), 0)) return entry;
    if (state.tokens.refreshToken === undefined) {
      throw new LoginRequiredError(
        'refresh_token_missing',
        'The access token has ended and there is no refresh token. Ask for the scope offline_access at login.',
      );
    }
    throw this.notWritable();
  }

  private notWritable(): ConfigurationError {
    const { path, writable } = this.options;
    if (typeof writable === 'function') {
      return new ConfigurationError(
        'wrong_context',
        'The access token must be refreshed, and the response has been returned or its headers are sent, so no cookie can be set. Call getAccessToken() before you return the response, and before a stream begins, or keep sessions in a store.',
      );
    }
    return new ConfigurationError(
      'wrong_context',
      `The access token must be refreshed, and no cookie can be set ${path === undefined ? 'here' : `while ${path} is rendered`}. Let a proxy (middleware) whose matcher covers ${path ?? 'this page'} refresh it before, ask for the token in a route handler or action, or keep sessions in a store.`,
    );
  }
}

/** Tries of a request that waits for refreshes of others. */
const maxTries = 3;

const isWrongContext = (error: unknown) =>
  error instanceof ConfigurationError && error.code === 'wrong_context';

/** Share of the idle life after which a use is written down. */
const touchShare = 0.1;
/** Seconds before the end of an access token in which a cookie is not touched: a refresh may be writing it. */
const refreshMargin = 120;

/**
 * Only every now and then, and never about the time of a refresh:
 * a response that sets the cookie of before a refresh would bring back a spent refresh token.
 */
function isTouchDue(context: SessionContext, state: SessionState): boolean {
  const time = seconds(getClientContext(context.client).now);
  if (time - state.usedAt < context.idleLife * touchShare) return false;
  if (context.backend.kind === 'stored' || state.tokens.refreshToken === undefined) return true;
  return state.tokens.accessTokens.every((entry) => isValid(entry, time, refreshMargin));
}
