import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import type { RefreshToken, ServerState } from '../state.ts';
import { createTokenResponse, selectResource } from '../token-response.ts';
import { issueRefreshToken } from '../tokens.ts';
import type { GrantHandler } from './grant-handler.ts';

/** @see RFC 6749 section 6, RFC 9700 section 4.14 */
export const refreshTokenGrant: GrantHandler = async (state, request) => {
  const { body, client, binding } = request;
  const kept = state.refreshTokens.get(body.get('refresh_token') ?? '');
  const refuse = () =>
    new OAuthError('invalid_grant', 'Unknown or invalid refresh token.', state.auth0 ? 403 : 400);
  if (!kept || kept.grant.clientId !== client.clientId || kept.grant.ended) throw refuse();
  const { grant } = kept;
  if (kept.binding?.jkt !== undefined && kept.binding.jkt !== binding?.jkt) throw refuse();
  limitRate(state, kept);
  const now = getSeconds(state.clock);
  if (
    kept.rotatedAt !== undefined &&
    now > kept.rotatedAt + (state.options.refreshTokenGrace ?? 0) - (state.options.refreshTokenGrace ? 0 : 1)
  ) {
    // Reuse (RFC 9700 section 4.14): this client or the previous one is an attacker, so the grant ends.
    grant.ended = true;
    throw refuse();
  }
  const scope = narrow(grant.scope, body.get('scope'));
  const resource = selectResource(state, grant, body);
  const rotate = (state.options.refreshTokens ?? (state.auth0 ? 'keep' : 'rotate')) === 'rotate';
  if (rotate) kept.rotatedAt ??= now;
  return createTokenResponse(state, grant, request, {
    scope,
    resource,
    refreshToken: rotate ? issueRefreshToken(state, grant, kept.binding) : undefined,
    idToken: state.options.idTokenOnRefresh === false ? 'none' : 'without_nonce',
    nameScope: true,
  });
};

function narrow(granted: string, asked: string | null): string {
  if (asked === null) return granted;
  const allowed = granted.split(' ');
  if (asked.split(' ').some((scope) => !allowed.includes(scope))) {
    throw new OAuthError('invalid_scope', 'wider than granted');
  }
  return asked;
}

function limitRate(state: ServerState, kept: RefreshToken): void {
  const rule = state.options.refreshRateLimit;
  const now = getSeconds(state.clock);
  if (!rule) return;
  const recent = kept.uses.filter((time) => time > now - rule.window);
  if (recent.length >= rule.limit) {
    const reset = (recent[0] as number) + rule.window;
    throw new OAuthError('too_many_requests', 'Global limit has been reached', 429, {
      'x-ratelimit-limit': String(rule.limit),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(reset),
      ...(!state.auth0 && { 'retry-after': String(reset - now) }),
    });
  }
  kept.uses.splice(0, kept.uses.length, ...recent, now);
}
