import { createClient } from '@countersign/core';
import { createWebSessions, type SessionStore, type WebSessions } from '@countersign/core/session';

/** Creates a web application that starts sessions without a provider. */
export function createSampleSessions(store: SessionStore): {
  readonly web: WebSessions;
  /** Starts a session and returns its `Cookie` header. */
  start(): Promise<string>;
} {
  const issuer = 'https://id.example';
  // Without endpoints for revocation and logout, only this process is measured.
  const metadata = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` };
  const client = createClient({ issuer, clientId: 'web', metadata });
  const secret = 'a secret of more than thirty-two characters';
  const web = createWebSessions(client, { baseUrl: 'https://app.example', secret, store });
  const now = Math.floor(Date.now() / 1000);
  const accessToken = 'a'.repeat(800);
  const tokens = {
    accessTokens: [
      { accessToken, tokenType: 'Bearer' as const, expiresAt: now + 86_000, scopes: ['openid'] },
    ],
    refreshToken: 'r'.repeat(64),
    claims: { iss: issuer, sub: 'user', aud: 'web', exp: now + 3600, iat: now },
    scopes: ['openid', 'offline_access'],
    updatedAt: now,
  };
  return {
    web,
    async start() {
      const cookies = await web.create(undefined, tokens);
      return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
  };
}
