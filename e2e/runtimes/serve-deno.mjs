import { createHandler } from './handler.mjs';

const [issuer, origin, audience] = ['ISSUER', 'ORIGIN', 'AUDIENCE'].map((name) => Deno.env.get(name));
Deno.serve(
  { port: Number(Deno.env.get('PORT')), hostname: 'localhost' },
  createHandler({ issuer, origin, audience }),
);
