import { generateDpopKeyPair, privateKeyJwt } from '@countersign/core';
import { createRegistration, type InteropServer } from '../../server.ts';
import { account, createClients, startOidcProvider, version } from './start.ts';

const accessTokenLifetime = 60;
const audience = 'https://api.example';

/** FAPI 2.0 Security Profile: pushed requests, DPoP and private_key_jwt. */
export const oidcProviderFapi: InteropServer = {
  name: 'oidc-provider with FAPI 2.0',
  version,
  source: 'npm',
  unsupported: {
    public: 'FAPI 2.0 excludes public clients',
    userinfo: 'access tokens are for the API only',
    rotation: 'keys are fixed when the process starts',
  },
  provide: async () => undefined,
  async start(addresses) {
    const [providerKey, webKey, otherKey] = [await createKey(), await createKey(), await createKey()];
    const { web, direct } = createClients(addresses.application, {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      id_token_signed_response_alg: 'PS256',
      dpop_bound_access_tokens: true,
      jwks: { keys: [webKey.publicJwk] },
    });
    const { endSessions, readLog, stop } = await startOidcProvider(addresses, {
      audience,
      ttl: { AccessToken: accessTokenLifetime },
      // The clock of the application is moved by the lifetime of an access token.
      clockTolerance: 2 * accessTokenLifetime,
      jwks: { keys: [providerKey.privateJwk] },
      clients: [
        {
          ...web,
          backchannel_logout_uri: createRegistration(addresses.application).backchannelLogoutUri,
          backchannel_logout_session_required: true,
        },
        direct,
      ],
      enabledJWA: {
        clientAuthSigningAlgValues: ['PS256'],
        idTokenSigningAlgValues: ['PS256'],
      },
      features: {
        fapi: { enabled: true, profile: '2.0' },
        pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
        dPoP: { enabled: true },
        revocation: { enabled: true },
        backchannelLogout: { enabled: true },
      },
    });
    const clientAuthentication = privateKeyJwt({ key: webKey.privateKey, kid: webKey.kid });
    return {
      options: {
        issuer: addresses.origin,
        scope: 'openid items:read',
        // It ignores `offline_access` in requests without consent (OpenID Connect Core section 11).
        authorizationParameters: { prompt: 'consent' },
        idTokenSignedResponseAlg: 'PS256',
        dpop: { keyPair: await generateDpopKeyPair() },
      },
      web: { clientId: web.client_id, clientAuthentication },
      wrongAuthentication: privateKeyJwt({ key: otherKey.privateKey, kid: webKey.kid }),
      direct: { clientId: direct.client_id, clientAuthentication },
      account,
      accessTokenLifetime,
      api: { audience },
      endSessions,
      readLog,
      stop,
    };
  },
};

async function createKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const kid = crypto.randomUUID();
  const toJwk = async (key: CryptoKey) => ({
    ...(await crypto.subtle.exportKey('jwk', key)),
    kid,
    alg: 'PS256',
    use: 'sig',
    key_ops: undefined,
  });
  return { kid, privateKey, publicJwk: await toJwk(publicKey), privateJwk: await toJwk(privateKey) };
}
