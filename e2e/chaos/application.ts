import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash, randomUUID } from 'node:crypto';
import { AuthError, clientSecretBasic, createClient } from '@countersign/core';
import {
  type CookieToSet,
  createWebSessions,
  type SessionStore,
  type WebSessions,
} from '@countersign/core/session';
import { createRedisStores } from '@countersign/redis';
import { createClient as createRedisClient } from 'redis';
import { resources } from './resources.ts';

export type Kind = 'cookie' | 'stored';

/** What one request came to. Tokens are named by a hash. */
export interface Outcome {
  readonly token?: string;
  /** Whose access token it is, by its own claims. */
  readonly sub?: string;
  readonly aud?: string;
  /** Whose session it is. */
  readonly user?: string;
  /** What the application keeps in it. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cookies: readonly CookieToSet[];
  /** The code of the error; `no_session` when there is none. */
  readonly error?: string;
}

/**
 * `received`: nothing has looked at it; `given up`: it was waited for until the time-out; `accepted`: it is valid, and
 * nothing is written; `writing`: the text is about to go to Redis; `written`: Redis has said so; `settled`: the request
 * of the user is over.
 */
export type Moment = 'received' | 'given up' | 'accepted' | 'writing' | 'written' | 'settled';

export interface Application {
  readonly sessions: Readonly<Record<Kind, WebSessions>>;
  request(kind: Kind, cookie: string, options: { readonly resource?: string }): Promise<Outcome>;
  /** A request that changes what the application keeps in the session, and needs no token. */
  change(kind: Kind, cookie: string, data: Readonly<Record<string, string>>): Promise<Outcome>;
  close(): void;
}

/** Milliseconds for one exchange with the provider. */
const timeout = 4_000;

export const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

/** One process of a web application, with cookie sessions and stored sessions on one Redis. */
export async function startApplication(options: {
  readonly name: string;
  readonly issuer: string;
  readonly redisUrl: string;
  readonly now: () => number;
  /** What becomes of the provider's answer to a refresh request, which has a number of its own. */
  readonly onAnswer?: (moment: Moment, request: string, text?: string) => void;
  /** Redis was taken to be away. */
  readonly onStoreAway?: (port: string) => void;
}): Promise<Application> {
  const redis = createRedisClient({ url: options.redisUrl, socket: { reconnectStrategy: () => 50 } });
  redis.on('error', () => {});
  await redis.connect();
  /** The answer that was received in the course of one request. */
  const course = new AsyncLocalStorage<{ answer?: string }>();
  const tell = (moment: Moment, text?: string) => {
    const answer = course.getStore()?.answer;
    if (answer !== undefined) options.onAnswer?.(moment, answer, text);
  };
  const clientOf = (kind: Kind) =>
    createClient({
      issuer: options.issuer,
      clientId: `chaos-${kind}`,
      clientAuthentication: clientSecretBasic('chaos-secret'),
      scope: 'openid offline_access read',
      resource: resources,
      allowInsecureIssuer: true,
      timeout,
      onEvent: (event) => {
        if (event.type === 'store.unavailable') options.onStoreAway?.(event.port);
        if (event.type === 'refresh.succeeded') tell('accepted');
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
          const now = course.getStore();
          if (response.ok && now) {
            now.answer = id;
            tell('received');
          }
          return new Response(body, { status: response.status, headers: response.headers });
        } catch (error) {
          const reason: unknown = init.signal?.reason;
          if (reason instanceof AuthError && reason.code === 'timeout') options.onAnswer?.('given up', id);
          throw error;
        }
      },
    });
  const { store, refresh, ...shared } = createRedisStores(redis, { commandTimeout: 5_000 });
  async function watched<T>(text: string, write: () => Promise<T>): Promise<T> {
    tell('writing', text);
    const done = await write();
    tell('written');
    return done;
  }
  const common = {
    secret: 'a secret of this run that is at least thirty-two characters long',
    baseUrl: 'http://localhost:1/',
    ...shared,
    refresh: {
      lock: refresh.lock,
      successors: {
        get: refresh.successors.get,
        set: (key: string, value: string, life: number) =>
          watched(value, () => refresh.successors.set(key, value, life)),
      },
    },
  };
  const watchedStore: SessionStore = {
    ...store,
    set: (key, record, version) => watched(record.value, () => store.set(key, record, version)),
  };
  const sessions = {
    cookie: createWebSessions(clientOf('cookie'), common),
    stored: createWebSessions(clientOf('stored'), { ...common, store: watchedStore }),
  };
  return {
    sessions,
    close: () => redis.destroy(),
    async change(kind, cookie, data) {
      const opened = await sessions[kind].open(cookie).catch(unavailable);
      if ('error' in opened) return opened;
      try {
        const { user } = await opened.update((before) => ({ ...before, ...data }));
        return { user: user.sub, cookies: opened.cookies };
      } catch (error) {
        return { error: error instanceof AuthError ? error.code : 'unexpected', cookies: opened.cookies };
      }
    },
    request: (kind, cookie, { resource }) =>
      course.run({}, async () => {
        const opened = await sessions[kind].open(cookie).catch(unavailable);
        if ('error' in opened) return opened;
        const user = opened.session?.user.sub;
        if (user === undefined) return { error: 'no_session', cookies: opened.cookies };
        try {
          const { accessToken } = await opened.getAccessToken({ resource });
          const { sub, aud } = JSON.parse(
            Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString(),
          );
          tell('settled');
          const { cookies, session } = opened;
          return { user, sub, aud, token: hashOf(accessToken), cookies, data: session?.data ?? {} };
        } catch (error) {
          tell('settled');
          return {
            user,
            error: error instanceof AuthError ? error.code : 'unexpected',
            cookies: opened.cookies,
          };
        }
      }),
  };
}

/** It cannot be known whether there is a session: the request is turned away. */
function unavailable(error: unknown): { readonly error: string; readonly cookies: readonly [] } {
  return { error: error instanceof AuthError ? error.code : 'unexpected', cookies: [] };
}
