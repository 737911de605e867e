import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import type { RefreshToken, ServerState } from '../state.ts';
import { createRejection } from '../wire/rejection.ts';
import { createTokenResponse, selectResource } from '../wire/token-response.ts';
import { issueRefreshToken } from '../wire/tokens.ts';
import type { GrantHandler } from './grant-handler.ts';

/**
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 */
export const refreshTokenGrant: GrantHandler = async (state, request) => {
  const { body, client, binding } = request;
  const storedToken = state.refreshTokens.get(body.get('refresh_token') ?? '');
  const createGrantError = () =>
    createRejection(
      state.flavour.rejections?.refreshToken,
      new OAuthError('invalid_grant', 'Unknown or invalid refresh token.'),
    );
  if (!storedToken || storedToken.grant.clientId !== client.clientId || storedToken.grant.isEnded)
    throw createGrantError();
  const { grant } = storedToken;
  if (storedToken.binding?.jkt !== undefined && storedToken.binding.jkt !== binding?.jkt)
    throw createGrantError();
  limitRate(state, storedToken);
  const now = getSeconds(state.clock);
  if (
    storedToken.rotatedAt !== undefined &&
    now >
      storedToken.rotatedAt +
        (state.options.refreshTokenGrace ?? 0) -
        (state.options.refreshTokenGrace ? 0 : 1)
  ) {
    // Reuse (RFC 9700 section 4.14): this client or the previous one is an attacker, so the grant ends.
    grant.isEnded = true;
    throw createGrantError();
  }
  const scope = narrowScope(grant.scope, body.get('scope'));
  const resource = selectResource(state, grant, body);
  const rotate = (state.options.refreshTokens ?? 'rotate') === 'rotate';
  if (rotate) storedToken.rotatedAt ??= now;
  return createTokenResponse(state, grant, request, {
    scope,
    resource,
    refreshToken: rotate ? issueRefreshToken(state, grant, storedToken.binding) : undefined,
    idToken: state.options.idTokenOnRefresh === false ? 'none' : 'without_nonce',
  });
};

function narrowScope(granted: string, requested: string | null): string {
  if (requested === null) return granted;
  const allowedScopes = granted.split(' ');
  if (requested.split(' ').some((scope) => !allowedScopes.includes(scope))) {
    throw new OAuthError('invalid_scope', 'wider than granted');
  }
  return requested;
}

function limitRate(state: ServerState, storedToken: RefreshToken): void {
  const rule = state.options.refreshRateLimit;
  const now = getSeconds(state.clock);
  if (!rule) return;
  const recent = storedToken.uses.filter((time) => time > now - rule.window);
  if (recent.length >= rule.limit) {
    const reset = (recent[0] as number) + rule.window;
    throw new OAuthError('too_many_requests', 'Global limit has been reached', 429, {
      'x-ratelimit-limit': String(rule.limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(reset),
      ...(state.flavour.sendsRetryAfter !== false && { 'retry-after': String(reset - now) }),
    });
  }
  storedToken.uses.splice(0, storedToken.uses.length, ...recent, now);
}
