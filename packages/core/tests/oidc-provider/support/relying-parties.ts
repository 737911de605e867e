import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientMetadata } from 'oidc-provider';
import { afterAll, beforeAll } from 'vitest';
import {
  type Client,
  type ClientAuthentication,
  type ClientSettings,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  createClient,
  none,
  privateKeyJwt,
} from '../../../src/index.ts';
import { createEncryptionKey } from '../../support/client/encryption-key.ts';
import { getSigningKey } from '../../support/client/signing-key.ts';
import { startProvider } from './start-provider.ts';

const redirectUri = 'https://app.example.test/callback';
export const secret = 'a-secret-of-at-least-thirty-two-characters';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

export let provider: Awaited<ReturnType<typeof startProvider>>;
export let logoutReceiver: { readonly url: string; readonly receivedTokens: string[]; close(): void };
let authentications: Record<string, ClientAuthentication>;
export let signingKey: Awaited<ReturnType<typeof getSigningKey>>;
export let encryptionKey: Awaited<ReturnType<typeof createEncryptionKey>>;

beforeAll(async () => {
  signingKey = await getSigningKey('PS256');
  encryptionKey = await createEncryptionKey('RSA-OAEP-256');
  logoutReceiver = await receiveLogouts();
  const jwks = { keys: [signingKey.jwk, encryptionKey.jwk] } as never;
  const base: Omit<ClientMetadata, 'client_id'> = {
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials', deviceGrant],
    post_logout_redirect_uris: ['https://app.example.test/'],
  };
  const createMetadata = (id: string, method: string, more: object = {}): ClientMetadata => ({
    ...base,
    client_id: id,
    token_endpoint_auth_method: method as never,
    ...(method.startsWith('client_secret') && { client_secret: secret }),
    ...(method === 'none' && { grant_types: ['authorization_code', 'refresh_token', deviceGrant] }),
    ...more,
  });
  provider = await startProvider([
    createMetadata('none', 'none'),
    createMetadata('client_secret_basic', 'client_secret_basic', {
      backchannel_logout_uri: logoutReceiver.url,
      backchannel_logout_session_required: true,
    }),
    createMetadata('client_secret_post', 'client_secret_post'),
    createMetadata('client_secret_jwt', 'client_secret_jwt'),
    createMetadata('private_key_jwt', 'private_key_jwt', { jwks }),
    createMetadata('fapi', 'private_key_jwt', {
      jwks,
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      require_signed_request_object: true,
      request_object_signing_alg: 'PS256',
      id_token_signed_response_alg: 'PS256',
      authorization_signed_response_alg: 'PS256',
    }),
    createMetadata('signed_and_encrypted_userinfo', 'client_secret_basic', {
      jwks,
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: 'RSA-OAEP-256',
      userinfo_encrypted_response_enc: 'A256GCM',
    }),
    createMetadata('signed_requests', 'client_secret_basic', {
      jwks,
      require_signed_request_object: true,
      request_object_signing_alg: 'PS256',
    }),
    createMetadata('encrypted', 'client_secret_basic', {
      jwks,
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      id_token_encrypted_response_enc: 'A256GCM',
      userinfo_signed_response_alg: 'ES256',
      introspection_signed_response_alg: 'ES256',
    }),
  ]);
  authentications = {
    none: none(),
    client_secret_basic: clientSecretBasic(secret),
    client_secret_post: clientSecretPost(secret),
    client_secret_jwt: clientSecretJwt(secret),
    private_key_jwt: privateKeyJwt({ key: signingKey.key, kid: signingKey.jwk.kid as string }),
  };
});

afterAll(async () => {
  await provider.close();
  logoutReceiver.close();
});

async function receiveLogouts() {
  const receivedTokens: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    receivedTokens.push(new URLSearchParams(body).get('logout_token') ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`;
  return { url, receivedTokens, close: () => void server.close() };
}

export function createRelyingParty(
  clientId: string,
  options: Partial<ClientSettings & { readonly issuer: string }> = {},
): Client {
  const clientAuthentication = authentications[clientId];
  return createClient({
    issuer: provider.issuer,
    clientId,
    redirectUri,
    scope: 'openid profile offline_access',
    allowInsecureIssuer: true,
    ...(clientAuthentication && { clientAuthentication }),
    ...options,
  });
}
