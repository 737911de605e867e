import { createMemorySessionStore } from '@countersign/core/session';
import { type AuthOptions, createAuth } from '@countersign/next';
import { findVariant } from './variants';

export const api = process.env.API_URL ?? '';

const options: AuthOptions = {
  apiOrigins: [api],
  allowInsecureIssuer: true,
  accessTokenRoute: true,
  ...(process.env.SESSION_STORE === 'memory' && { store: createMemorySessionStore() }),
  ...(process.env.COOKIE_NAME && { cookie: { name: process.env.COOKIE_NAME } }),
};

export const auth = process.env.VARIANTS
  ? createAuth((host) => findVariant(host, options))
  : createAuth(options);
