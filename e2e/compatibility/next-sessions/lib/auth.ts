import { createAuth } from '@countersign/next';

export const api = process.env.API_URL ?? '';
export const auth = createAuth({
  apiOrigins: [api],
  allowInsecureIssuer: true,
  accessTokenRoute: true,
  ...(process.env.COOKIE_NAME && { cookie: { name: process.env.COOKIE_NAME } }),
});
