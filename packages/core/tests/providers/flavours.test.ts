import {
  createTestAuthorizationServer,
  type FlavourName,
  type TestAuthorizationServerOptions,
} from '@countersign/testing';
import type { JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  type ClientSettings,
  clientSecretBasic,
  clientSecretPost,
  createAuthorizationRequest,
  createClient,
  createEndSessionUrl,
  createRefreshCoordinator,
  createTokenSet,
  exchangeCode,
  type TokenSet,
  validateAuthorizationResponse,
} from '../../src/index.ts';
import { apple } from '../../src/providers/index.ts';
import { createNamedPreset } from '../../src/providers/named-presets.ts';

const redirectUri = 'https://app.example.test/callback';

interface Row {
  readonly scope?: string;
  /** The authorization parameters that must be sent, beside those of each login. */
  readonly sent?: Readonly<Record<string, string | null>>;
  /** Whether the provider has a logout URL. */
  readonly hasLogout?: boolean;
  /** The host and path of the logout URL. */
  readonly logout?: string;
  /** Options of the client. Default: a secret by HTTP Basic. */
  readonly client?: Partial<ClientSettings>;
  readonly server?: TestAuthorizationServerOptions;
  /** Whether a login returns a refresh token. */
  readonly hasRefreshToken?: boolean;
  /** Whether a login returns an ID token. */
  readonly hasIdToken?: boolean;
}

const posted = { clientAuthentication: clientSecretPost('web-secret'), scope: undefined } as const;
const applePair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
  'sign',
  'verify',
]);
const appleKey = { teamId: 'A1B2C3D4E5', keyId: 'F6G7H8I9J0', privateKey: applePair.privateKey };
const applePublicKey = {
  ...(await crypto.subtle.exportKey('jwk', applePair.publicKey)),
  kid: appleKey.keyId,
};

/** Presets, each with the flavour of the test server that answers as its provider does. */
const rows: Partial<Record<FlavourName, Row>> = {
  auth0: { sent: { scope: 'openid profile offline_access' } },
  entra: { sent: { scope: 'openid profile offline_access' } },
  okta: { sent: { scope: 'openid profile offline_access' } },
  cognito: { sent: { scope: 'openid profile' }, logout: '/logout' },
  google: {
    sent: { scope: 'openid profile', access_type: 'offline', prompt: 'consent' },
    hasLogout: false,
  },
  keycloak: { sent: { scope: 'openid profile', prompt: null } },
  zitadel: { sent: { scope: 'openid profile offline_access' } },
  authentik: { sent: { scope: 'openid profile offline_access' } },
  hydra: { sent: { scope: 'openid profile offline_access' } },
  dex: { sent: { scope: 'openid profile offline_access' }, hasLogout: false },
  authelia: { sent: { scope: 'openid profile offline_access' }, hasLogout: false },
  spring: { sent: { scope: 'openid profile' } },
  logto: { sent: { scope: 'openid profile offline_access', prompt: 'consent' } },
  gitlab: { sent: { scope: 'openid profile' }, hasLogout: false },
  adfs: { sent: { scope: 'openid profile' } },
  apple: {
    sent: { scope: 'openid name email', response_mode: 'form_post' },
    hasLogout: false,
    client: { provider: apple({ key: appleKey }), scope: undefined, clientAuthentication: undefined },
    server: {
      clients: [
        {
          clientId: 'web',
          tokenEndpointAuthMethod: 'client_secret_post',
          clientSecret: 'unused',
          jwks: { keys: [applePublicKey as JWK] },
        },
      ],
    },
  },
  github: {
    sent: { scope: 'read:user', nonce: null },
    hasLogout: false,
    hasIdToken: false,
    client: { ...posted, clientId: 'Iv23example', clientAuthentication: clientSecretPost('app-secret') },
  },
  line: {
    sent: { scope: 'openid profile email', code_challenge_method: 'S256' },
    hasLogout: false,
    client: { ...posted, clientAuthentication: undefined },
  },
  linkedin: {
    sent: { scope: 'openid profile email', code_challenge: null, code_challenge_method: null },
    hasLogout: false,
    hasRefreshToken: false,
    client: posted,
  },
  twitch: {
    sent: {
      scope: 'openid user:read:email',
      claims: JSON.stringify({
        id_token: { email: null, email_verified: null, picture: null, preferred_username: null },
      }),
    },
    hasLogout: false,
    client: posted,
  },
  salesforce: { sent: { scope: 'openid profile refresh_token' } },
};

async function logIn(flavour: FlavourName) {
  const { client: options, server: serverOptions } = rows[flavour] ?? {};
  const server = await createTestAuthorizationServer({ flavour, ...serverOptions });
  server.clock.stop();
  const client = createClient({
    clientId: 'web',
    clientAuthentication: clientSecretBasic('web-secret'),
    redirectUri,
    scope: 'openid profile',
    refreshTokens: true,
    tokenRequestFormat: 'form',
    fetch: server.fetch,
    now: server.clock.now,
    ...options,
    provider: options?.provider ?? createNamedPreset(flavour, server.issuer, 'web-secret'),
  });
  const { url, transaction } = await createAuthorizationRequest(client);
  const { parameters } = await server.authorize(url);
  const response = await validateAuthorizationResponse(client, parameters, transaction);
  const tokens = await exchangeCode(client, response, transaction);
  let stored: TokenSet | undefined = createTokenSet(tokens, Math.floor(server.clock.now() / 1000));
  const holder = {
    read: async () => stored,
    write: async (next: TokenSet) => {
      stored = next;
      return {};
    },
    end: async () => {
      stored = undefined;
    },
  };
  return { server, client, url, tokens, holder, getStored: () => stored };
}

describe.each(Object.entries(rows) as [FlavourName, Row][])(
  '%s',
  (flavour, { sent, hasLogout = true, logout, hasRefreshToken = true, hasIdToken = true }) => {
    test('a login returns the tokens of the provider', async () => {
      const { url, tokens } = await logIn(flavour);
      for (const [name, value] of Object.entries(sent ?? {})) expect(url.searchParams.get(name)).toBe(value);
      expect(tokens.claims?.sub).toEqual(hasIdToken ? expect.any(String) : undefined);
      expect(tokens.refreshToken).toEqual(hasRefreshToken ? expect.any(String) : undefined);
    });

    test.runIf(hasRefreshToken)(
      'a refresh returns another access token, and an invalid refresh token ends the login',
      async () => {
        const { server, client, tokens, holder, getStored } = await logIn(flavour);
        const coordinator = createRefreshCoordinator(client);
        const { accessToken } = await coordinator.getAccessToken(holder, { forceRefresh: true });
        expect(accessToken.accessToken).not.toBe(tokens.accessToken);
        server.endGrants();
        await expect(coordinator.getAccessToken(holder, { forceRefresh: true })).rejects.toMatchObject({
          name: 'LoginRequiredError',
          code: 'session_ended',
        });
        expect(getStored()).toBeUndefined();
      },
    );

    test(hasLogout ? 'a logout leads to the provider' : 'the provider has no logout page', async () => {
      const { client, tokens } = await logIn(flavour);
      const postLogoutRedirectUri = 'https://app.example.test/';
      const url = await createEndSessionUrl(client, { postLogoutRedirectUri, idTokenHint: tokens.idToken });
      expect(url !== undefined).toBe(hasLogout);
      if (logout !== undefined) expect(url?.pathname).toBe(logout);
    });
  },
);
