import { clientSecretBasic } from '@countersign/core';
import type { AuthEvent } from '../../src/index.ts';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  type IntrospectionOptions,
  type TrustedIssuer,
} from '../../src/resource-server/index.ts';
import { audience } from './start-verifier.ts';

export const issuer = 'https://auth.example.test';

/** What the issuer answers about a token; a number is a status, `undefined` never comes. */
export type Answer = Readonly<Record<string, unknown>> | number;

/** A verifier that introspects at an issuer which answers what the test says. */
export function startIntrospection(
  answer: (token: string) => Answer | Promise<Answer>,
  options: Partial<IntrospectionOptions> = {},
  more: Partial<TrustedIssuer> & Partial<AccessTokenVerifierOptions> = {},
) {
  const clock = { time: 1_800_000_000_000 };
  const asked: string[] = [];
  const events: AuthEvent[] = [];
  const json = (body: unknown, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  const verifier = createAccessTokenVerifier({
    issuer,
    audience,
    now: () => clock.time,
    onEvent: (event) => events.push(event),
    fetch: async (url, init) => {
      if (url.includes('.well-known')) {
        return json({ issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` });
      }
      const token = new URLSearchParams(String(init.body)).get('token') ?? '';
      asked.push(token);
      const said = await answer(token);
      return typeof said === 'number' ? json({}, said) : json(said);
    },
    introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret'), ...options },
    ...more,
  } as AccessTokenVerifierOptions);
  return { verifier, asked, clock, events };
}

/** An answer about a good access token. */
export const good = { active: true, sub: 'alice', client_id: 'app', aud: audience };
