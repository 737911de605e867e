import { randomBytes } from 'node:crypto';
import { ServerClient, type StateData } from '@auth0/auth0-server-js';
import { Auth0Client } from '@auth0/nextjs-auth0/server';
import { generateSessionCookie } from '@auth0/nextjs-auth0/testing';
import { clientSecretPost, createClient, type TokenSet } from '@countersign/core';
import { createWebSessions } from '@countersign/core/session';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { genericOAuth } from 'better-auth/plugins/generic-oauth';
import { NextRequest, NextResponse } from 'next/server.js';
import { encode } from 'next-auth/jwt';
import { getServerSession } from 'next-auth/next';
import { clientId, clientSecret, host, issuer } from './provider.ts';

/** A session whose access token has expired. */
export interface ExpiredSession {
  /** Sends a request with the cookie of the expired session. Resolves with an access token. */
  request(): Promise<string>;
  /** Sends a later request with the current cookie, which needs another refresh. */
  later(): Promise<string>;
}

export interface Library {
  readonly name: string;
  start(refreshToken: string): Promise<ExpiredSession>;
}

const secret = randomBytes(32).toString('base64url');
const expiredToken = 'expired-access-token';
const longAgo = () => Math.floor(Date.now() / 1000) - 3600;
const user = { iss: issuer, sub: 'user-alice', aud: clientId, exp: 2e9, iat: 1 };
const baseUrl = 'https://app.example';

/** A cookie jar: later requests send the cookies of earlier responses. */
type Cookies = Map<string, string>;
const toCookieHeader = (cookies: Cookies) =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');

function countersign(): Library {
  const client = createClient({
    issuer,
    clientId,
    clientAuthentication: clientSecretPost(clientSecret),
    scope: 'openid offline_access',
  });
  const sessions = createWebSessions(client, { baseUrl, secret });
  return {
    name: '@countersign/core/session',
    async start(refreshToken) {
      const tokens: TokenSet = {
        accessTokens: [
          { accessToken: expiredToken, tokenType: 'Bearer', expiresAt: longAgo(), scopes: ['openid'] },
        ],
        refreshToken,
        claims: user,
        scopes: ['openid', 'offline_access'],
        updatedAt: longAgo(),
      };
      const cookies: Cookies = new Map();
      for (const { name, value } of await sessions.create(undefined, tokens)) cookies.set(name, value);
      const firstCookie = toCookieHeader(cookies);
      const call = async (header: string, forceRefresh: boolean) => {
        const requestSession = await sessions.open(header);
        const { accessToken } = await requestSession.getAccessToken({ forceRefresh });
        for (const { name, value } of requestSession.cookies) cookies.set(name, value);
        return accessToken;
      };
      return { request: () => call(firstCookie, false), later: () => call(toCookieHeader(cookies), true) };
    },
  };
}

function nextjsAuth0(): Library {
  const client = new Auth0Client({ domain: host, clientId, clientSecret, secret, appBaseUrl: baseUrl });
  return {
    name: '@auth0/nextjs-auth0',
    async start(refreshToken) {
      const session = {
        user: { sub: user.sub },
        tokenSet: {
          accessToken: expiredToken,
          refreshToken,
          expiresAt: longAgo(),
          scope: 'openid offline_access',
        },
        internal: { sid: 'sid', createdAt: longAgo() },
      };
      let cookie = `__session=${await generateSessionCookie(session, { secret })}`;
      const firstCookie = cookie;
      const call = async (header: string, refresh: boolean) => {
        const request = new NextRequest(`${baseUrl}/api/items`, { headers: { cookie: header } });
        const response = new NextResponse();
        const { token } = await client.getAccessToken(request, response, { refresh });
        const set = response.cookies.getAll().map(({ name, value }) => `${name}=${value}`);
        if (set.length > 0) cookie = set.join('; ');
        return token;
      };
      return { request: () => call(firstCookie, false), later: () => call(cookie, true) };
    },
  };
}

/** next-auth leaves the refresh to the application. This is the callback of its guide. */
function nextAuth(): Library {
  const name = '__Secure-next-auth.session-token';
  const refresh = async (token: { refreshToken?: unknown }) => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: token.refreshToken as string,
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
    const tokens = (await response.json()) as Record<string, string>;
    if (!response.ok) return { ...token, error: 'RefreshAccessTokenError' };
    return {
      ...token,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token ?? token.refreshToken,
      expiresAt: Math.floor(Date.now() / 1000) + Number(tokens.expires_in),
    };
  };
  process.env.NEXTAUTH_URL = baseUrl;
  return {
    name: 'next-auth 4 with the refresh of its guide',
    async start(refreshToken) {
      const session = { accessToken: expiredToken, refreshToken, expiresAt: longAgo(), sub: user.sub };
      let cookie = await encode({ token: session, secret });
      const firstCookie = cookie;
      const call = async (value: string, force: boolean) => {
        const request = { headers: {}, cookies: { [name]: value } };
        const set: string[] = [];
        const response = {
          getHeader: () => set,
          setHeader: (_: string, values: string[]) => set.splice(0, set.length, ...values),
        };
        const result = await getServerSession(
          request as never,
          response as never,
          {
            secret,
            providers: [],
            callbacks: {
              jwt: async ({ token }: { token: Record<string, unknown> }) =>
                !force && Date.now() < Number(token.expiresAt) * 1000 ? token : refresh(token),
              session: ({ token }: { token: Record<string, unknown> }) =>
                ({ ...token, expires: '' }) as never,
            },
          } as never,
        );
        const written = set.find((line) => line.startsWith(`${name}=`));
        if (written) cookie = written.slice(name.length + 1).split(';')[0] as string;
        const { error, accessToken } = (result ?? { error: 'none' }) as Record<string, string>;
        if (error) throw new Error(error);
        return accessToken as string;
      };
      return { request: () => call(firstCookie, false), later: () => call(cookie, true) };
    },
  };
}

function auth0Server(): Library {
  const states = new Map<string, StateData>();
  const store = {
    get: async (id: string) => structuredClone(states.get(id)),
    set: async (id: string, state: StateData) => void states.set(id, structuredClone(state)),
    delete: async (id: string) => void states.delete(id),
    deleteByLogoutToken: async () => {},
  };
  return {
    name: '@auth0/auth0-server-js',
    async start(refreshToken) {
      const stateIdentifier = randomBytes(8).toString('hex');
      const client = new ServerClient({
        domain: host,
        clientId,
        clientSecret,
        stateIdentifier,
        stateStore: store,
        transactionStore: store as never,
      });
      const expire = async () => {
        const state = states.get(stateIdentifier);
        const tokenSets = [
          { audience: 'default', accessToken: expiredToken, scope: undefined, expiresAt: longAgo() },
        ];
        await store.set(stateIdentifier, {
          user: { sub: user.sub },
          idToken: undefined,
          refreshToken: state?.refreshToken ?? refreshToken,
          tokenSets,
          internal: { sid: 'sid', createdAt: longAgo() },
        });
      };
      await expire();
      const call = async () => (await client.getAccessToken()).accessToken;
      return {
        request: call,
        later: async () => {
          await expire();
          return call();
        },
      };
    },
  };
}

function betterAuthLibrary(): Library {
  const tables: Record<string, Record<string, unknown>[]> = {
    user: [],
    account: [],
    session: [],
    verification: [],
  };
  const auth = betterAuth({
    baseURL: baseUrl,
    secret,
    database: memoryAdapter(tables),
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [
      genericOAuth({
        config: [
          {
            providerId: 'bench',
            clientId,
            clientSecret,
            authentication: 'post',
            discoveryUrl: `${issuer}/.well-known/openid-configuration`,
          },
        ],
      }),
    ],
  });
  return {
    name: 'better-auth',
    async start(refreshToken) {
      const userId = randomBytes(8).toString('hex');
      const now = new Date();
      const past = () => new Date(longAgo() * 1000);
      tables.user?.push({
        id: userId,
        email: `${userId}@example.test`,
        name: 'Alice',
        createdAt: now,
        updatedAt: now,
      });
      const account = {
        id: `account-${userId}`,
        userId,
        accountId: userId,
        providerId: 'bench',
        accessToken: expiredToken,
        refreshToken,
        accessTokenExpiresAt: past(),
        scope: 'openid,offline_access',
        createdAt: now,
        updatedAt: now,
      };
      tables.account?.push(account);
      const call = async () => {
        const body = { accountId: account.id, userId };
        return (await auth.api.getAccessToken({ body })).accessToken;
      };
      return {
        request: call,
        later: () => {
          for (const row of tables.account ?? [])
            if (row.userId === userId) row.accessTokenExpiresAt = past();
          return call();
        },
      };
    },
  };
}

export const createLibraries = (): readonly Library[] => [
  countersign(),
  nextjsAuth0(),
  nextAuth(),
  auth0Server(),
  betterAuthLibrary(),
];
