import { clientSecretBasic } from '@countersign/core';
import type { AuthEvent } from '../../../src/index.ts';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
  type IntrospectionOptions,
  type TrustedIssuer,
} from '../../../src/resource-server/index.ts';
import { audience } from './start-verifier.ts';

export const issuer = 'https://auth.example.test';

/** An introspection response: its body, or the status of an error response. */
export type IntrospectionResponse = Readonly<Record<string, unknown>> | number;

/** Creates a verifier whose issuer responds to introspection requests as the test defines. */
export function startIntrospection(
  respond: (token: string) => IntrospectionResponse | Promise<IntrospectionResponse>,
  options: Partial<IntrospectionOptions> = {},
  more: Partial<TrustedIssuer> & Partial<AccessTokenVerifierOptions> = {},
) {
  const clock = { time: 1_800_000_000_000 };
  const introspected: string[] = [];
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
      introspected.push(token);
      const response = await respond(token);
      return typeof response === 'number' ? json({}, response) : json(response);
    },
    introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('api-secret'), ...options },
    ...more,
  } as AccessTokenVerifierOptions);
  return { verifier, introspected, clock, events };
}

/** The introspection response for an active access token. */
export const activeResponse = { active: true, sub: 'alice', client_id: 'app', aud: audience };
