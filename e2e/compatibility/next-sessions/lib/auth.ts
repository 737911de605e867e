import { createAuth } from '@countersign/next';

export const api = process.env.API_URL ?? '';
export const auth = createAuth({ apiOrigins: [api], allowInsecureIssuer: true, accessTokenRoute: true });
