import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { TestAuthorizationServer, TestClient } from '../../src/index.ts';

/** Creates a client with a key, and a function that signs its assertion for an audience. */
export async function signAssertion() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const client: TestClient = {
    clientId: 'service',
    tokenEndpointAuthMethod: 'private_key_jwt',
    jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] },
  };
  const sign = async (aud: string, server: TestAuthorizationServer) => {
    const now = Math.floor(server.clock.now() / 1000);
    const assertion = await new SignJWT({ aud, iss: 'service', sub: 'service', jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(privateKey);
    return {
      client_id: 'service',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    };
  };
  return { client, sign };
}
