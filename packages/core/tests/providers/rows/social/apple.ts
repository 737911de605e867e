import type { JWK } from 'jose';
import { apple } from '../../../../src/providers/index.ts';
import type { ProviderRow } from '../../provider-row.ts';

const { privateKey, publicKey } = await crypto.subtle.generateKey(
  { name: 'ECDSA', namedCurve: 'P-256' },
  true,
  ['sign', 'verify'],
);
const key = { teamId: 'A1B2C3D4E5', keyId: 'F6G7H8I9J0', privateKey };
const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: key.keyId } as JWK;

const opaque = 'Access tokens are opaque, and for Apple only.';

export const appleRow: ProviderRow = {
  name: 'apple',
  title: 'Apple',
  flavour: 'apple',
  createPreset: () => apple({ key }),
  example: apple({ key }),
  server: {
    clients: [
      {
        clientId: 'web',
        clientSecret: 'unused',
        tokenEndpointAuthMethod: 'client_secret_post',
        jwks: { keys: [jwk] },
      },
    ],
  },
  cells: {
    login: { sent: { scope: 'openid name email', response_mode: 'form_post' } },
    idToken: {},
    refresh: {},
    endOfRefresh: {},
    userinfo: 'Apple has no userinfo endpoint: the claims are in the ID token.',
    logout: 'Apple has no logout endpoint: the user stays signed in there.',
    backchannelLogout: 'Apple lists no back-channel logout in its metadata.',
    apiToken: opaque,
    severalResources: opaque,
  },
};
