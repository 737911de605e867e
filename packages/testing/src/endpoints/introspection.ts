import { getSeconds } from '../clock.ts';
import { json, noStore } from '../errors.ts';
import type { ServerState } from '../state.ts';
import { authenticateClient } from '../wire/client-authentication.ts';
import { sign } from '../wire/jws.ts';

/**
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-5
 */
export async function introspection(
  state: ServerState,
  request: Request,
  body: URLSearchParams,
): Promise<Response> {
  const client = await authenticateClient(state, request, body);
  const result = describeToken(state, body.get('token') ?? '');
  if (!request.headers.get('accept')?.includes('application/token-introspection+jwt')) return json(result);
  const jwt = await sign(state, {
    kind: 'introspection',
    client,
    header: { alg: client.introspectionSignedResponseAlg ?? 'RS256', typ: 'token-introspection+jwt' },
    claims: {
      iss: state.issuer,
      aud: client.clientId,
      iat: getSeconds(state.clock),
      token_introspection: result,
    },
  });
  return new Response(jwt, {
    headers: { 'content-type': 'application/token-introspection+jwt', ...noStore },
  });
}

function describeToken(state: ServerState, value: string): Record<string, unknown> {
  const refresh = state.refreshTokens.get(value);
  if (refresh && !refresh.grant.isEnded && refresh.rotatedAt === undefined) {
    const { grant } = refresh;
    const members = {
      active: true,
      iss: state.issuer,
      client_id: grant.clientId,
      scope: grant.scope,
      sub: grant.sub,
    };
    return { ...(state.flavour.introspection?.(members, 'refresh_token') ?? members) };
  }
  const token = state.accessTokens.get(value);
  if (!token || token.isRevoked || token.grant.isEnded || token.expiresAt <= getSeconds(state.clock))
    return { active: false };
  const members = {
    active: true,
    iss: state.issuer,
    sub: token.grant.sub ?? token.grant.clientId,
    aud: token.audience,
    client_id: token.grant.clientId,
    scope: token.scope,
    iat: token.issuedAt,
    exp: token.expiresAt,
    token_type: token.binding?.jkt === undefined ? 'Bearer' : 'DPoP',
    ...(token.binding && { cnf: token.binding }),
  };
  return { ...(state.flavour.introspection?.(members, 'access_token') ?? members) };
}
