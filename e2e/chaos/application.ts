import { createHash } from 'node:crypto';
import { AuthError, clientSecretBasic, createClient } from '@countersign/core';
import { type CookieToSet, createWebSessions, type WebSessions } from '@countersign/core/session';
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
  readonly cookies: readonly CookieToSet[];
  /** The code of the error; `no_session` when there is none. */
  readonly error?: string;
}

export interface Application {
  readonly sessions: Readonly<Record<Kind, WebSessions>>;
  request(kind: Kind, cookie: string, options: { readonly resource?: string }): Promise<Outcome>;
  close(): void;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url');

/** One process of a web application, with cookie sessions and stored sessions on one Redis. */
export async function startApplication(options: {
  readonly name: string;
  readonly issuer: string;
  readonly redisUrl: string;
  readonly now: () => number;
  /** The provider has answered a refresh, and nothing is written yet. Receives the hash of the access token. */
  readonly onAnswer?: (token: string) => void;
  /** Redis was taken to be away. */
  readonly onStoreAway?: (port: string) => void;
}): Promise<Application> {
  const redis = createRedisClient({ url: options.redisUrl, socket: { reconnectStrategy: () => 50 } });
  redis.on('error', () => {});
  await redis.connect();
  const client = createClient({
    issuer: options.issuer,
    clientId: 'chaos',
    clientAuthentication: clientSecretBasic('chaos-secret'),
    scope: 'openid offline_access read',
    resource: resources,
    allowInsecureIssuer: true,
    timeout: 4_000,
    onEvent: (event) => {
      if (event.type === 'store.unavailable') options.onStoreAway?.(event.port);
    },
    now: options.now,
    async fetch(url, init) {
      const headers = new Headers(init.headers);
      headers.set('x-worker', options.name);
      const grant = init.body instanceof URLSearchParams ? init.body.get('grant_type') : undefined;
      if (grant) headers.set('x-grant', grant);
      const response = await fetch(url, { ...init, headers });
      if (grant === 'refresh_token' && response.ok) {
        const body = await response.arrayBuffer();
        // What has timed out is not received, although it arrives.
        if (!init.signal?.aborted)
          options.onAnswer?.(hashOf(JSON.parse(new TextDecoder().decode(body)).access_token));
        return new Response(body, { status: response.status, headers: response.headers });
      }
      return response;
    },
  });
  const { store, ...shared } = createRedisStores(redis, { commandTimeout: 5_000 });
  const common = {
    secret: 'a secret of this run that is at least thirty-two characters long',
    baseUrl: 'http://localhost:1/',
    ...shared,
  };
  const sessions = {
    cookie: createWebSessions(client, common),
    stored: createWebSessions(client, { ...common, store }),
  };
  return {
    sessions,
    close: () => redis.destroy(),
    async request(kind, cookie, { resource }) {
      const opened = await sessions[kind].open(cookie);
      const user = opened.session?.user.sub;
      if (user === undefined) return { error: 'no_session', cookies: opened.cookies };
      try {
        const { accessToken } = await opened.getAccessToken({ resource });
        const { sub, aud } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString());
        return { user, sub, aud, token: hashOf(accessToken), cookies: opened.cookies };
      } catch (error) {
        return {
          user,
          error: error instanceof AuthError ? error.code : 'unexpected',
          cookies: opened.cookies,
        };
      }
    },
  };
}
