import { encodeUtf8, toBase64Url } from '../../../src/internal/encoding.ts';
import type { Scheduler } from '../scheduler.ts';

export type User = 'alice' | 'bob';
type Json = Record<string, unknown>;

/** A provider with two users. Each token contains the name of its user. */
export interface UserProvider {
  readonly issuer: string;
  readonly metadata: Json & { readonly issuer: string };
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** The user who is signed in at the provider. */
  session: User | undefined;
  /** Approves a login, or responds to a silent one. Returns the callback URL of an authorization URL. */
  approve(url: string): string;
  /** Access tokens that the API accepts. */
  readonly accepted: Set<string>;
  /** Revokes all refresh tokens. */
  rejectRefreshTokens(): void;
  /** The refresh tokens that are valid, with their users. */
  readonly refreshTokens: ReadonlyMap<string, User>;
}

export interface UserProviderOptions {
  readonly scheduler: Scheduler;
  readonly now: () => number;
  readonly dpop: boolean;
  readonly refreshTokens: boolean;
  /** True: a silent login succeeds only for the user of `id_token_hint`. */
  readonly readsHints: boolean;
  /** Default: true. */
  readonly idTokensAtRefresh?: boolean;
}

/** Reads the user of a token. */
export const readTokenUser = (token: string): string | undefined => token.split('.')[1];

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const keyPair = globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const publicKey = keyPair.then((pair) => globalThis.crypto.subtle.exportKey('jwk', pair.publicKey));
/** Seconds. */
const accessTokenLifetime = 60;

export async function createUserProvider(options: UserProviderOptions): Promise<UserProvider> {
  const { scheduler, now, dpop, readsHints, idTokensAtRefresh = true } = options;
  const issuer = 'https://login.example';
  const { privateKey } = await keyPair;
  const keys = [{ ...(await publicKey), kid: 'key' }];
  const codes = new Map<string, { readonly user: User; readonly nonce: string }>();
  const refreshTokens = new Map<string, User>();
  let serial = 0;
  const seconds = () => Math.floor(now() / 1000);
  const encode = (value: unknown) => toBase64Url(encodeUtf8(JSON.stringify(value)));

  async function sign(payload: unknown): Promise<string> {
    const text = `${encode({ alg: 'ES256', kid: 'key' })}.${encode(payload)}`;
    return `${text}.${toBase64Url(new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, encodeUtf8(text))))}`;
  }

  const provider: UserProvider = {
    issuer,
    session: undefined,
    accepted: new Set(),
    metadata: {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      revocation_endpoint: `${issuer}/revoke`,
      end_session_endpoint: `${issuer}/logout`,
    },
    refreshTokens,
    rejectRefreshTokens: () => refreshTokens.clear(),
    approve(url) {
      const parameters = new URL(url).searchParams;
      const callbackUrl = new URL(parameters.get('redirect_uri') ?? '');
      callbackUrl.searchParams.set('state', parameters.get('state') ?? '');
      const hinted = readsHints && parameters.has('id_token_hint');
      const [, payload = 'e30='] = parameters.get('id_token_hint')?.split('.') ?? [];
      const user = provider.session;
      if (!user || (hinted && JSON.parse(atob(payload)).sub !== user)) {
        callbackUrl.searchParams.set('error', 'login_required');
      } else {
        const code = `code-${++serial}`;
        codes.set(code, { user, nonce: parameters.get('nonce') ?? '' });
        callbackUrl.searchParams.set('code', code);
      }
      return callbackUrl.href;
    },
    async fetch(url, init = {}) {
      const { pathname } = new URL(url);
      if (pathname === '/jwks') return scheduler.step('keys', () => json({ keys }));
      const parameters = new URLSearchParams(init.body as URLSearchParams);
      const name = `provider ${parameters.get('grant_type') ?? pathname}`;
      const issued = await scheduler.step(`${name} arrives`, () =>
        pathname === '/token' ? issue(parameters) : revoke(parameters.get('token') ?? ''),
      );
      const { claims, ...body } = (issued ?? {}) as Json;
      const idToken = claims ? { id_token: await sign(claims) } : {};
      return scheduler.step(`response of ${name}`, () =>
        issued ? json({ ...body, ...idToken }) : json({ error: 'invalid_grant' }, 400),
      );
    },
  };

  function issue(parameters: URLSearchParams): Json | undefined {
    const login = codes.get(parameters.get('code') ?? '');
    const spent = parameters.get('refresh_token') ?? '';
    const user = login?.user ?? refreshTokens.get(spent);
    codes.delete(parameters.get('code') ?? '');
    refreshTokens.delete(spent);
    if (!user) return undefined;
    const accessToken = `access.${user}.${++serial}`;
    const refreshToken = `refresh.${user}.${serial}`;
    provider.accepted.add(accessToken);
    if (options.refreshTokens) refreshTokens.set(refreshToken, user);
    const time = seconds();
    return {
      access_token: accessToken,
      token_type: dpop ? 'DPoP' : 'Bearer',
      expires_in: accessTokenLifetime,
      scope: 'openid',
      ...(options.refreshTokens && { refresh_token: refreshToken }),
      ...((login || idTokensAtRefresh) && {
        claims: { iss: issuer, sub: user, aud: 'spa', iat: time, exp: time + 300, nonce: login?.nonce },
      }),
    };
  }

  function revoke(token: string): Json {
    refreshTokens.delete(token);
    provider.accepted.delete(token);
    return {};
  }

  return provider;
}

const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
