import { createHandler } from './handler.mjs';

const { PORT, ISSUER, ORIGIN, AUDIENCE } = process.env;
const fetch = createHandler({ issuer: ISSUER, origin: ORIGIN, audience: AUDIENCE });
Bun.serve({ port: Number(PORT), hostname: 'localhost', fetch });
