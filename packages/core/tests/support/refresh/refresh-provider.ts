import { AuthorizationServerError } from '../../../src/errors.ts';
import type { AuthEvent } from '../../../src/events.ts';
import type { RefreshClient } from '../../../src/tokens/refresh/refresh-client.ts';
import type { TokenHolder } from '../../../src/tokens/token-holder.ts';
import { createTokenSet, type TokenSet } from '../../../src/tokens/token-set.ts';

interface Family {
  readonly sub: string;
  current: string;
  revoked: boolean;
}

/** A token endpoint without a network. Refresh tokens rotate, and a replay revokes the family. */
export function createTestProvider(options: { readonly now?: () => number; readonly rotate?: boolean } = {}) {
  const { now = Date.now, rotate = true } = options;
  const families = new Map<string, Family>();
  const owners = new Map<string, string>();
  const state = {
    requests: 0,
    /** Refresh tokens that were revoked. */
    revoked: [] as string[],
    replays: 0,
    /** Seconds. */
    accessTokenLifetime: 60,
    /** Runs before the token is checked. If it throws, the token is not spent. */
    before: async (_refreshToken: string): Promise<void> => {},
    /** Runs after the token is spent. If it throws, the response is lost. */
    after: async (_refreshToken: string): Promise<void> => {},
  };
  let serial = 0;

  function issue(sub: string, resource: string | undefined) {
    const time = Math.floor(now() / 1000);
    return {
      accessToken: `at.${sub}.${resource ?? 'login'}.${++serial}`,
      tokenType: 'Bearer' as const,
      expiresAt: time + state.accessTokenLifetime,
      scopes: ['openid', 'offline_access'],
    };
  }

  function login(sub: string, resource?: string): TokenSet {
    const refreshToken = `rt.${sub}.${++serial}`;
    families.set(sub, { sub, current: refreshToken, revoked: false });
    owners.set(refreshToken, sub);
    const time = Math.floor(now() / 1000);
    const claims = { iss: 'https://op.example', sub, aud: 'client', exp: time + 60, iat: time };
    return createTokenSet(
      { ...issue(sub, resource), refreshToken, idToken: `id.${sub}`, claims },
      time,
      resource === undefined ? {} : { resource },
    );
  }

  /** Creates the client of one process. */
  function client(more: { now?: () => number } = {}): RefreshClient & { readonly events: AuthEvent[] } {
    const events: AuthEvent[] = [];
    return {
      issuer: 'https://op.example',
      clientId: 'client',
      now: more.now ?? now,
      timeout: 1_000,
      events,
      emitEvent: (event) => events.push(event),
      getThumbprint: async () => undefined,
      async revoke(refreshToken) {
        state.revoked.push(refreshToken);
      },
      async refresh(refreshToken, request) {
        state.requests++;
        await state.before(refreshToken);
        const sub = owners.get(refreshToken) ?? '';
        const family = families.get(sub);
        if (!family || family.revoked || family.current !== refreshToken) {
          if (family && !family.revoked) state.replays++;
          if (family) family.revoked = true;
          throw new AuthorizationServerError('token_error', 'The provider returned invalid_grant', {
            error: 'invalid_grant',
            status: 400,
          });
        }
        const next = rotate ? `rt.${sub}.${++serial}` : refreshToken;
        family.current = next;
        owners.set(next, sub);
        await state.after(refreshToken);
        return { ...issue(sub, request.resource), ...(rotate && { refreshToken: next }) };
      },
    };
  }

  return { state, login, client, families };
}

/** Creates a session store that all processes share. */
export function createSharedSessions() {
  const sessions = new Map<string, TokenSet>();
  const state = { isUnavailable: false, readOnly: false, writes: 0 };
  const check = () => {
    if (state.isUnavailable) throw new Error('the store is unavailable');
  };
  const holder = (key: string): TokenHolder => ({
    async read() {
      check();
      return sessions.get(key);
    },
    async write(next) {
      check();
      if (state.readOnly) throw new Error('the store is read-only');
      if (!sessions.has(key)) return false;
      state.writes++;
      sessions.set(key, next);
      return {};
    },
    async end() {
      check();
      sessions.delete(key);
    },
  });
  return { sessions, state, holder };
}

/** The session of one request with a cookie. It always reads the tokens of that cookie. */
export function cookieHolder(cookie: TokenSet, ended: Set<string> = new Set()): TokenHolder {
  const key = cookie.claims?.sub ?? '';
  return {
    read: async () => (ended.has(key) ? undefined : cookie),
    write: async (next) => (ended.has(key) ? false : { sealedSession: `cookie with ${next.refreshToken}` }),
    end: async () => void ended.add(key),
  };
}
