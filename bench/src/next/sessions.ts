import { randomBytes } from 'node:crypto';
import { generateSessionCookie } from '@auth0/nextjs-auth0/testing';
import { createWebAuth } from '@countersign/core/session';
import { encode } from 'next-auth-5/jwt';
import { secret, sessionOptions } from './application/lib/session-options.ts';

const random = (bytes: number) => randomBytes(bytes).toString('base64url');
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const now = Math.floor(Date.now() / 1000);
const user = { sub: 'user-alice', name: 'Alice Adams', email: 'alice@example.test' };
const claims = {
  ...user,
  iss: sessionOptions.issuer,
  aud: sessionOptions.clientId,
  iat: now,
  exp: now + 3600,
};
const accessToken = random(620);
const refreshToken = random(48);
const idToken = `${base64url({ alg: 'RS256', kid: random(16) })}.${base64url(claims)}.${random(256)}`;
const scope = 'openid profile offline_access';
const scopes = scope.split(' ');

async function countersign(): Promise<string> {
  const cookies = await createWebAuth(sessionOptions, null).sessions.create('', {
    accessTokens: [{ accessToken, tokenType: 'Bearer', expiresAt: now + 86_400, receivedAt: now, scopes }],
    refreshToken,
    idToken,
    claims,
    scopes,
    updatedAt: now,
  });
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** Creates the `Cookie` header of a session with the same tokens in each library. */
export const sessions = {
  bare: async () => '',
  // The same request as with Countersign, so that the difference shows the cost of the library.
  open: countersign,
  countersign,
  async auth0() {
    const tokenSet = { accessToken, refreshToken, idToken, scope, expiresAt: now + 86_400 };
    const session = { user, tokenSet, internal: { sid: 'sid', createdAt: now } };
    return `__session=${await generateSessionCookie(session, { secret })}`;
  },
  async authjs() {
    const name = '__Secure-authjs.session-token';
    const token = { ...user, accessToken, refreshToken, idToken, expiresAt: now + 86_400 };
    return `${name}=${await encode({ token, secret, salt: name })}`;
  },
} satisfies Readonly<Record<string, () => Promise<string>>>;

export type LibraryName = keyof typeof sessions;
