import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { AuthError, clientSecretBasic, createClient, LoginRequiredError } from '@countersign/core';
import {
  type CookieToSet,
  createWebSessions,
  type RequestSession,
  type SessionStore,
  serializeCookie,
  type WebSessions,
} from '@countersign/core/session';
import { createRedisStores } from '@countersign/redis';
import { createClient as createRedisClient } from 'redis';
import { resources } from './resources.ts';

export type Kind = 'cookie' | 'stored';

/** The result of one request. Contains hashes of tokens, never tokens. */
export interface Outcome {
  readonly token?: string;
  /** The `sub` claim of the access token. */
  readonly sub?: string;
  readonly aud?: string;
  /** The user of the session. */
  readonly user?: string;
  /** The data of the application in the session. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cookies: readonly CookieToSet[];
  /** The error code; `no_session` if there is no session. */
  readonly error?: string;
}

/**
 * The progress of a refresh response. `received`: not validated yet; `timed out`: the client stopped waiting;
 * `accepted`: valid, not written yet; `writing`: about to be sent to Redis; `written`: confirmed by Redis; `settled`:
 * the user's request has completed.
 */
export type Moment = 'received' | 'timed out' | 'accepted' | 'writing' | 'written' | 'settled';

export interface Application {
  readonly sessions: Readonly<Record<Kind, WebSessions>>;
  request(kind: Kind, cookie: string, options: { readonly resource?: string }): Promise<Outcome>;
  /** Handles a request of a browser: the routes of `sessions`, or a page that needs a session and a token. */
  handle(kind: Kind, request: Request): Promise<Response>;
  /** Changes the data of the session without using a token. */
  change(kind: Kind, cookie: string, data: Readonly<Record<string, string>>): Promise<Outcome>;
  close(): void;
}

export const toHash = (token: string) => createHash('sha256').update(token).digest('base64url');

/** Starts one process of a web application with cookie sessions and stored sessions on one Redis. */
export async function startApplication(options: {
  readonly name: string;
  readonly issuer: string;
  readonly redisUrl: string;
  /** Timeout of a request to the provider, in milliseconds. */
  readonly timeout: number;
  readonly now: () => number;
  /** Called with the progress of the response to a refresh request. Each request has a unique ID. */
  readonly onRefreshProgress?: (moment: Moment, request: string, text?: string) => void;
  /** Called when Redis is considered unavailable. */
  readonly onStoreUnavailable?: (port: string) => void;
}): Promise<Application> {
  const redis = createRedisClient({ url: options.redisUrl, socket: { reconnectStrategy: () => 50 } });
  redis.on('error', () => {});
  await redis.connect();
  /** The refresh response of the current user request. */
  const context = new AsyncLocalStorage<{ responseId?: string }>();
  const report = (moment: Moment, text?: string) => {
    const responseId = context.getStore()?.responseId;
    if (responseId !== undefined) options.onRefreshProgress?.(moment, responseId, text);
  };
  const createChaosClient = (kind: Kind) =>
    createClient({
      issuer: options.issuer,
      clientId: `chaos-${kind}`,
      clientAuthentication: clientSecretBasic('chaos-secret'),
      scope: 'openid read',
      refreshTokens: true,
      resource: resources,
      allowInsecureIssuer: true,
      timeout: options.timeout,
      onEvent: (event) => {
        if (event.type === 'store.unavailable') options.onStoreUnavailable?.(event.port);
        if (event.type === 'refresh.succeeded') report('accepted');
      },
      now: options.now,
      async fetch(url, init) {
        const headers = new Headers(init.headers);
        headers.set('x-worker', options.name);
        const grant = init.body instanceof URLSearchParams ? init.body.get('grant_type') : undefined;
        if (grant) headers.set('x-grant', grant);
        if (grant !== 'refresh_token') return fetch(url, { ...init, headers });
        const id = randomUUID();
        headers.set('x-request', id);
        try {
          const response = await fetch(url, { ...init, headers });
          const body = await response.arrayBuffer();
          const current = context.getStore();
          if (response.ok && current) {
            current.responseId = id;
            report('received');
          }
          return new Response(body, { status: response.status, headers: response.headers });
        } catch (error) {
          const reason: unknown = init.signal?.reason;
          if (reason instanceof AuthError && reason.code === 'timeout')
            options.onRefreshProgress?.('timed out', id);
          throw error;
        }
      },
    });
  const { store, refresh, ...shared } = createRedisStores(redis, { commandTimeout: 5_000 });
  async function observe<T>(text: string, write: () => Promise<T>): Promise<T> {
    report('writing', text);
    const result = await write();
    report('written');
    return result;
  }
  const common = {
    secret: 'a secret of this run that is at least thirty-two characters long',
    baseUrl: 'http://localhost:1/',
    ...shared,
    refresh: {
      lock: refresh.lock,
      successors: {
        get: refresh.successors.get,
        set: (key: string, value: string, lifetime: number) =>
          observe(value, () => refresh.successors.set(key, value, lifetime)),
      },
    },
  };
  const observedStore: SessionStore = {
    ...store,
    set: (key, record, version) => observe(record.value, () => store.set(key, record, version)),
  };
  const sessions = {
    cookie: createWebSessions(createChaosClient('cookie'), common),
    stored: createWebSessions(createChaosClient('stored'), { ...common, store: observedStore }),
  };
  return {
    sessions,
    close: () => redis.destroy(),
    async change(kind, cookie, data) {
      const requestSession = await sessions[kind].open(cookie).catch(toUnavailableOutcome);
      if ('error' in requestSession) return requestSession;
      try {
        const { user } = await requestSession.update((current) => ({ ...current, ...data }));
        return { user: user.sub, cookies: requestSession.cookies };
      } catch (error) {
        return {
          error: error instanceof AuthError ? error.code : 'unexpected',
          cookies: requestSession.cookies,
        };
      }
    },
    handle: (kind, request) =>
      context.run({}, async () => {
        const handled = await sessions[kind].handle(request);
        if (handled) return handled;
        const response = await createPage(sessions[kind], request);
        report('settled');
        return response;
      }),
    request: (kind, cookie, { resource }) =>
      context.run({}, async () => {
        const requestSession = await sessions[kind].open(cookie).catch(toUnavailableOutcome);
        if ('error' in requestSession) return requestSession;
        const user = requestSession.session?.user.sub;
        if (user === undefined) return { error: 'no_session', cookies: requestSession.cookies };
        try {
          const { accessToken } = await requestSession.getAccessToken({ resource });
          const { sub, aud } = readClaims(accessToken);
          report('settled');
          const { cookies, session } = requestSession;
          return { user, sub, aud, token: toHash(accessToken), cookies, data: session?.data ?? {} };
        } catch (error) {
          report('settled');
          return {
            user,
            error: error instanceof AuthError ? error.code : 'unexpected',
            cookies: requestSession.cookies,
          };
        }
      }),
  };
}

/** The content of the page. It contains the hash of the token. */
export type PageContent = Pick<Outcome, 'user' | 'sub' | 'token'>;

/** A page that redirects to the login without a session, and responds to every other failure as the library does. */
async function createPage(sessions: WebSessions, request: Request): Promise<Response> {
  let requestSession: RequestSession | undefined;
  try {
    requestSession = await sessions.open(request.headers.get('cookie'));
    const { accessToken } = await requestSession.getAccessToken();
    const user = requestSession.session?.user.sub;
    const content: PageContent = {
      ...(user !== undefined && { user }),
      sub: readClaims(accessToken).sub,
      token: toHash(accessToken),
    };
    return addCookies(Response.json(content), requestSession.cookies);
  } catch (error) {
    const cookies = requestSession?.cookies ?? [];
    if (!(error instanceof LoginRequiredError))
      return sessions.respondToError(request, error, { route: 'page', cookies });
    return addCookies(new Response(null, { status: 303, headers: { location: '/auth/login' } }), cookies);
  }
}

function addCookies(response: Response, cookies: readonly CookieToSet[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', serializeCookie(cookie));
  return response;
}

const readClaims = (accessToken: string) =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());

/** Converts an error for an unknown state of the session: the application rejects the request. */
function toUnavailableOutcome(error: unknown): { readonly error: string; readonly cookies: readonly [] } {
  return { error: error instanceof AuthError ? error.code : 'unexpected', cookies: [] };
}
