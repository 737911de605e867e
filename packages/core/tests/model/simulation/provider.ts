import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Context, ModelProcess, Scheduler } from './scheduler.ts';

export const issuer = 'https://login.example';
export const clientId = 'web';
/** Seconds. */
export const accessTokenLifetime = 300;

/** One request with a refresh token. */
export interface Spend {
  /** Milliseconds since the start. */
  readonly at: number;
  readonly process: ModelProcess;
  readonly action: string;
  /** `lost`: the response never reached the process. `delivered`: its code has continued. */
  outcome: 'pending' | 'delivered' | 'lost';
}

/** A refresh token of the provider. */
export interface IssuedRefreshToken {
  readonly value: string;
  readonly login: Login;
  spend?: Spend;
  /** The refresh token that was issued for this one. */
  successor?: IssuedRefreshToken;
}

/** One login at the provider: the family of its refresh tokens. */
export interface Login {
  /** `L1`, `L2` ... */
  readonly id: string;
  readonly sub: string;
  readonly sid: string;
  readonly authTime: number;
  readonly nonce: string;
  /** Set when the provider no longer accepts tokens of the login. */
  endedBy?: 'reuse' | 'revocation' | 'provider';
  /** The refresh token that the provider accepts. */
  current: IssuedRefreshToken;
}

/** Receives the events that the invariants depend on. */
export interface ProviderListener {
  /**
   * Called when a spent refresh token is sent again, and the provider ends the login. If it only rejects the token
   * (without `isEnded`): when the response reaches the process.
   */
  onReuse(
    token: IssuedRefreshToken,
    repeatedSpend: Spend,
    reuse: { readonly isEnded: boolean; readonly now: number },
  ): void;
  /** Called when a login starts after a logout of its user was sent. */
  markAsEnding(login: Login, reason: string): void;
  /** Called when a code is sent again. */
  onCodeReuse(login: Login, process: ModelProcess): void;
}

/** An OpenID provider: rotation without grace period, reuse detection, revocation, logout tokens. */
export interface ModelProvider {
  readonly logins: readonly Login[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Handles a request of a process. */
  handle(url: string, init: RequestInit, context: Context): ProviderResponse;
  /** The user logs in. Returns the URL of the callback, and its code. */
  authorize(url: string, sub: string): { readonly url: string; readonly code: IssuedCode };
  /** The number of the last token that was issued. */
  getLastNumber(): number;
  /** Finds the logins of a user whose code was issued, with `undefined` for a code that was not exchanged yet. */
  findLogins(sub: string): readonly IssuedCode[];
  /** Finds the codes of the pending logins in a `Cookie` header. */
  findPendingCodes(cookieHeader: string): readonly IssuedCode[];
  /** Ends logins, and creates the logout token for them. */
  endLogins(logins: readonly Login[], match: { readonly sub?: string; readonly sid?: string }): string;
}

interface ProviderResponse {
  readonly response: Response;
  readonly spend?: Spend;
  /** Called when the response reaches the process. */
  readonly onDelivered?: () => void;
}

/** A code, and the login that it starts. */
export interface IssuedCode {
  readonly state: string;
  readonly sub: string;
  readonly nonce: string;
  readonly challenge: string;
  login?: Login;
  /** Set if a logout arrived before the code was exchanged. */
  mayEnd?: string;
  /** Set if a logout of the browser was confirmed before the session began. */
  confirmedEnd?: {
    readonly at: number;
    readonly process: ModelProcess;
    readonly isByUser: boolean;
    readonly isPending: boolean;
  };
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keySet = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256', use: 'sig' }] };

export const providerMetadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  revocation_endpoint: `${issuer}/revoke`,
  end_session_endpoint: `${issuer}/end-session`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
};

export function createProvider(
  scheduler: Scheduler,
  listener: ProviderListener,
  options: {
    readonly now: () => number;
    readonly padding: string;
    readonly hasIdTokensAtRefresh: boolean;
    readonly hasReuseDetection: boolean;
    /** False if logins have access tokens only. Default: true. */
    readonly hasRefreshTokens?: boolean;
  },
): ModelProvider {
  const { now, padding, hasIdTokensAtRefresh, hasReuseDetection, hasRefreshTokens = true } = options;
  const seconds = () => Math.floor(now() / 1000);
  const codes = new Map<string, IssuedCode>();
  const refreshTokens = new Map<string, IssuedRefreshToken>();
  const logins: Login[] = [];
  let count = 0;

  function issueRefreshToken(login: Login): IssuedRefreshToken {
    const token = { value: `rt.${login.id}.${++count}.${'0123456789abcdef'.repeat(2)}`, login };
    refreshTokens.set(token.value, token);
    login.current = token;
    return token;
  }

  function createIdToken({ sub, sid, nonce, authTime }: Login): string {
    const times = { iat: seconds(), exp: seconds() + 3_600, auth_time: authTime };
    return signJwt({ iss: issuer, aud: clientId, sub, sid, nonce, ...times, note: padding });
  }

  function createTokens(login: Login, form: URLSearchParams, hasIdToken: boolean) {
    const resource = form.get('resource') ?? 'default';
    return createJson({
      access_token: `at.${login.id}.${encodeURIComponent(resource)}.${++count}`,
      token_type: 'Bearer',
      expires_in: accessTokenLifetime,
      ...(hasRefreshTokens && { refresh_token: issueRefreshToken(login).value }),
      scope: 'openid offline_access',
      ...(hasIdToken && { id_token: createIdToken(login) }),
    });
  }

  function exchangeCode(form: URLSearchParams, process: ModelProcess): Response {
    const code = codes.get(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || challenge !== code.challenge) return createError('invalid_grant');
    if (code.login) {
      listener.onCodeReuse(code.login, process);
      code.login.endedBy ??= 'reuse';
      return createError('invalid_grant');
    }
    const id = `L${logins.length + 1}`;
    // `current` is set with the first refresh token.
    const login = { id, sub: code.sub, sid: `sid-${id}`, authTime: seconds(), nonce: code.nonce } as Login;
    code.login = login;
    if (code.mayEnd !== undefined) listener.markAsEnding(login, code.mayEnd);
    logins.push(login);
    return createTokens(login, form, true);
  }

  function refresh(form: URLSearchParams, context: Context): ProviderResponse {
    const token = refreshTokens.get(form.get('refresh_token') ?? '');
    const process = context.process as ModelProcess;
    const spend: Spend = { at: scheduler.now(), process, action: context.action, outcome: 'pending' };
    if (!token) return { response: createError('invalid_grant') };
    const { login } = token;
    scheduler.note(`(refresh token ${token.value.split('.')[2]} of ${login.id})`);
    if (login.endedBy !== undefined) return { response: createError('invalid_grant') };
    if (token.spend) {
      const report = () =>
        listener.onReuse(token, spend, { isEnded: hasReuseDetection, now: scheduler.now() });
      const response = createError('invalid_grant');
      if (!hasReuseDetection) return { response, onDelivered: report };
      login.endedBy = 'reuse';
      report();
      return { response };
    }
    token.spend = spend;
    const response = createTokens(login, form, hasIdTokensAtRefresh);
    token.successor = login.current;
    return { response, spend };
  }

  return {
    logins,
    now,
    handle(url, init, context) {
      const { pathname } = new URL(url);
      if (pathname === '/.well-known/openid-configuration') return { response: createJson(providerMetadata) };
      if (pathname === '/jwks') return { response: createJson(keySet) };
      const form = new URLSearchParams(init.body as URLSearchParams);
      if (pathname === '/revoke') {
        const token = refreshTokens.get(form.get('token') ?? '');
        scheduler.note(`(refresh token ${token?.value.split('.')[2]} of ${token?.login.id})`);
        // Some providers ignore the revocation of a token that was replaced.
        if (token && !token.spend) token.login.endedBy ??= 'revocation';
        return { response: new Response(null, { status: 200 }) };
      }
      if (pathname !== '/token') return { response: new Response(null, { status: 404 }) };
      return form.get('grant_type') === 'refresh_token'
        ? refresh(form, context)
        : { response: exchangeCode(form, context.process as ModelProcess) };
    },
    authorize(url, sub) {
      const { searchParams } = new URL(url);
      const read = (name: string) => searchParams.get(name) ?? '';
      const code = `code-${++count}`;
      const issuedCode: IssuedCode = {
        state: read('state'),
        sub,
        nonce: read('nonce'),
        challenge: read('code_challenge'),
      };
      codes.set(code, issuedCode);
      const response = new URLSearchParams({ code, state: read('state'), iss: issuer });
      return { url: `${read('redirect_uri')}?${response}`, code: issuedCode };
    },
    getLastNumber: () => count,
    findLogins: (sub) => [...codes.values()].filter((code) => code.sub === sub),
    findPendingCodes: (cookieHeader) =>
      [...codes.values()].filter(({ state }) => cookieHeader.includes(`.login.${state.slice(0, 16)}=`)),
    endLogins(endedLogins, match) {
      for (const login of endedLogins) login.endedBy ??= 'provider';
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const times = { iat: seconds(), exp: seconds() + 120, jti: `logout-${++count}` };
      return signJwt({ iss: issuer, aud: clientId, ...match, ...times, events }, 'logout+jwt');
    },
  };
}

function signJwt(claims: object, typ = 'JWT'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: 'ES256', kid: 'k1', typ })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const createJson = (value: object, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

const createError = (error: string) => createJson({ error }, 400);
