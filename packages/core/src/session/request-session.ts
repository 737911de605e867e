import { contextOf, tell } from '../client/context.ts';
import { ConfigurationError, LoginRequiredError } from '../errors.ts';
import { seconds } from '../internal/clock.ts';
import type { JsonObject } from '../internal/json.ts';
import type { TokenHolder } from '../tokens/refresh-coordinator.ts';
import { type AccessToken, findAccessToken, isValid } from '../tokens/token-set.ts';
import { type CookieToSet, parseCookies } from './cookies.ts';
import type { LoadedSession } from './keeper.ts';
import type { SessionContext } from './options.ts';
import { type Session, type SessionState, sessionOf } from './session.ts';

/** What can be done while a request is answered. */
export interface RequestSessionOptions {
  /**
   * False where no cookie can be set any more, such as while a page is rendered.
   * A refresh token of a cookie session is then never spent: its successor would be lost.
   * Read when something could be written, and not before: it may be a getter.
   */
  readonly writable?: boolean;
  /** The page that is being rendered; the error about it names it. */
  readonly path?: string | undefined;
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

/** Opens the session of a request, from its `Cookie` header. */
export async function openRequestSession(
  context: SessionContext,
  cookieHeader: string | null | undefined,
  options: RequestSessionOptions = {},
): Promise<RequestSession> {
  const { keeper, coordinator, now, client } = context;
  const existing = parseCookies(cookieHeader);
  let loaded = await loadSafely();
  let carry: string | undefined;
  let ended = false;
  const canWrite = () => keeper.kind === 'stored' || options.writable !== false;

  const holder: TokenHolder = {
    async read() {
      loaded = loaded && (await keeper.reload(loaded));
      return loaded?.state.tokens;
    },
    async write(next) {
      const written = loaded && (await keeper.write(loaded, (state) => ({ ...state, tokens: next })));
      if (!written) return false;
      ({ loaded, carry } = { carry: undefined, ...written });
      return carry === undefined ? {} : { carry };
    },
    async end() {
      if (loaded) await keeper.end(loaded);
    },
  };

  const wanted = ({ resource, scope }: SessionTokenRequest) => ({
    resource: resource ?? context.resource,
    scope,
  });

  async function getAccessToken(request: SessionTokenRequest = {}): Promise<AccessToken> {
    if (!loaded) throw new LoginRequiredError('not_signed_in', 'Nobody is signed in.');
    if (!canWrite()) return readOnlyAccessToken(loaded, request);
    try {
      const result = await coordinator.getAccessToken(holder, {
        ...wanted(request),
        forceRefresh: request.forceRefresh === true,
      });
      if (result.changed && loaded && loaded.state.tokens !== result.tokens) {
        const adopted: LoadedSession & { readonly carry?: string } = await keeper.adopt(
          loaded,
          result.tokens,
          result.carry,
        );
        loaded = adopted;
        carry = adopted.carry;
      }
      return result.accessToken;
    } catch (error) {
      if (error instanceof LoginRequiredError && error.code === 'session_ended') {
        loaded = undefined;
        ended = true;
      }
      throw error;
    }
  }

  function readOnlyAccessToken({ state }: LoadedSession, request: SessionTokenRequest): AccessToken {
    const entry = findAccessToken(state.tokens, wanted(request));
    if (entry && !request.forceRefresh && isValid(entry, seconds(now), 0)) return entry;
    if (state.tokens.refreshToken === undefined) {
      throw new LoginRequiredError(
        'refresh_token_missing',
        'The access token has ended and there is no refresh token. Ask for the scope offline_access at login.',
      );
    }
    const { path } = options;
    throw new ConfigurationError(
      'wrong_context',
      `The access token must be refreshed, and no cookie can be set ${path === undefined ? 'here' : `while ${path} is rendered`}. Let a proxy (middleware) whose matcher covers ${path ?? 'this page'} refresh it before, ask for the token in a route handler or action, or keep sessions in a store.`,
    );
  }

  return {
    get session() {
      return loaded && sessionOf(loaded.state);
    },
    get cookies() {
      return ended ? keeper.forget(existing) : keeper.cookies(carry, existing);
    },
    getAccessToken,
    remainingLife(request = {}) {
      const expiresAt = loaded && findAccessToken(loaded.state.tokens, wanted(request))?.expiresAt;
      return expiresAt === undefined ? undefined : expiresAt - seconds(now);
    },
    async update(change) {
      if (!loaded) throw new LoginRequiredError('not_signed_in', 'Nobody is signed in.');
      if (!canWrite()) {
        throw new ConfigurationError(
          'wrong_context',
          'A session can be changed in a route handler or action only.',
        );
      }
      const written = await keeper.write(loaded, (state) => ({
        ...state,
        // A copy, as others share the state, and nothing forbids to change what one is given.
        data: change(structuredClone(state.data ?? {})),
      }));
      const session = written ? sessionOf(written.loaded.state) : undefined;
      if (!written || !session) throw new LoginRequiredError('session_ended', 'The session has ended.');
      loaded = written.loaded;
      carry = written.carry;
      return session;
    },
    async touch() {
      if (!loaded || !isTouchDue(context, loaded.state) || !canWrite()) return;
      const written = await keeper.write(loaded, (state) => state);
      if (!written) return;
      loaded = written.loaded;
      carry = written.carry;
    },
  };

  async function loadSafely(): Promise<LoadedSession | undefined> {
    try {
      return await keeper.load(existing);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      // A store that is away means no session: never one that might have ended (fail closed).
      tell(client, { type: 'store.unavailable', port: 'session' });
      return undefined;
    }
  }
}

/** Share of the idle life after which a use is written down. */
const touchShare = 0.1;
/** Seconds before the end of an access token in which a cookie is not touched: a refresh may be writing it. */
const refreshMargin = 120;

/**
 * Only every now and then, and never about the time of a refresh:
 * a response that sets the cookie of before a refresh would bring back a spent refresh token.
 */
function isTouchDue(context: SessionContext, state: SessionState): boolean {
  const time = seconds(contextOf(context.client).now);
  if (time - state.usedAt < context.idleLife * touchShare) return false;
  if (context.keeper.kind === 'stored' || state.tokens.refreshToken === undefined) return true;
  return state.tokens.accessTokens.every((entry) => isValid(entry, time, refreshMargin));
}
