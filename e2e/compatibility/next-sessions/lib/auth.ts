import { createMemorySessionStore } from '@countersign/core/session';
import { createAuth } from '@countersign/next';

export const api = process.env.API_URL ?? '';
export const auth = createAuth({
  apiOrigins: [api],
  allowInsecureIssuer: true,
  accessTokenRoute: true,
  ...(process.env.SESSION_STORE === 'memory' && { store: createMemorySessionStore() }),
  ...(process.env.COOKIE_NAME && { cookie: { name: process.env.COOKIE_NAME } }),
});
