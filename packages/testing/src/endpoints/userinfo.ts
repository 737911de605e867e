import { getSeconds } from '../clock.ts';
import { json, noStore, OAuthError } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import type { TestClient } from '../options.ts';
import type { ServerState } from '../state.ts';
import { verifyDpopProof } from '../wire/dpop.ts';
import { createFlavourContext } from '../wire/flavour-context.ts';
import { sign } from '../wire/jws.ts';
import { encryptFor } from '../wire/tokens.ts';

const claimNamesByScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name',
    'given_name',
    'family_name',
    'nickname',
    'picture',
    'locale',
    'updated_at',
    'preferred_username',
  ],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo */
export async function userinfo(state: ServerState, request: Request): Promise<Response> {
  const match = /^(bearer|dpop) (.+)$/i.exec(request.headers.get('authorization') ?? '');
  const scheme = match?.[1]?.toLowerCase() ?? 'bearer';
  const challenge = (error?: string) => {
    const name = scheme === 'dpop' ? 'DPoP algs="ES256"' : 'Bearer realm="userinfo"';
    return { 'www-authenticate': error === undefined ? name : `${name}, error="${error}"` };
  };
  if (!match) throw new OAuthError('invalid_token', 'no token', 401, challenge());
  const value = match[2] as string;
  const token = state.accessTokens.get(value);
  if (!token || token.isRevoked || token.grant.isEnded || token.expiresAt <= getSeconds(state.clock)) {
    throw new OAuthError('invalid_token', 'the token is not valid', 401, challenge('invalid_token'));
  }
  if ((scheme === 'dpop') !== (token.binding?.jkt !== undefined)) {
    throw new OAuthError('invalid_token', 'wrong scheme', 401, challenge('invalid_token'));
  }
  if (scheme === 'dpop') {
    const jkt = await verifyDpopProof(state, request, value).catch((error: OAuthError) => {
      throw new OAuthError(error.error, error.message, 401, { ...error.headers, ...challenge(error.error) });
    });
    if (jkt !== token.binding?.jkt)
      throw new OAuthError('invalid_token', 'another key', 401, challenge('invalid_token'));
  }
  const { grant } = token;
  if (state.flavour.userinfoRequiresOpenid !== false && !grant.scope.split(' ').includes('openid')) {
    throw new OAuthError('insufficient_scope', 'openid is needed', 403, challenge('insufficient_scope'));
  }
  const client = state.clients.get(grant.clientId) as TestClient;
  const names = [
    ...grant.scope.split(' ').flatMap((scope) => claimNamesByScope[scope] ?? []),
    ...Object.keys(grant.claims?.userinfo ?? {}),
  ];
  const userClaims = state.users.get(grant.sub ?? '')?.claims ?? {};
  const members = {
    sub: grant.sub,
    ...Object.fromEntries(Object.entries(userClaims).filter(([name]) => names.includes(name))),
  };
  const context = createFlavourContext(state, grant, { scope: grant.scope, grantType: '' });
  const changedMembers = { ...(state.flavour.userinfo?.(members, context) ?? members) };
  const body = await applyFaults(state, 'userinfoResponse', changedMembers);
  const { signed, encrypted } = await applyFaults(state, 'userinfoProtection', {
    signed: client.userinfoSignedResponseAlg,
    encrypted: client.userinfoEncryptedResponseAlg,
  });
  if (signed === undefined && encrypted === undefined) return json(body);
  const text =
    signed === undefined
      ? JSON.stringify(body)
      : await sign(state, {
          kind: 'userinfo',
          client,
          header: { alg: signed },
          claims: { iss: state.issuer, aud: client.clientId, ...body },
        });
  return new Response(await encryptFor(client, encrypted, text), {
    headers: { 'content-type': 'application/jwt', ...noStore },
  });
}
