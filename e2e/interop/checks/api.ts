import assert from 'node:assert/strict';
import { type ClientOptions, createClient, createResourceFetch } from '@countersign/core';
import {
  type AccessTokenVerifierOptions,
  createAccessTokenVerifier,
} from '@countersign/core/resource-server';
import { openUserAgent } from '../support/user-agent.ts';
import { type CheckContext, getToken, logIn, visitLogin } from './context.ts';
import { logInDirectly } from './login.ts';

/** The origin of the API. */
const api = 'https://api.example';

function createVerifier({ server: { options, api: settings } }: CheckContext) {
  const { issuer, provider } = options as ClientOptions;
  let offset = 0;
  const verifier = createAccessTokenVerifier({
    ...(provider ? { provider } : { issuer }),
    audience: settings.audience,
    ...(settings.profile !== undefined && { profile: settings.profile }),
    ...(options.dpop && { dpop: { origin: api } }),
    allowInsecureIssuer: true,
    now: () => Date.now() + offset * 1000,
  } as AccessTokenVerifierOptions);
  return { verifier, advance: (seconds: number) => (offset += seconds) };
}

export async function checkApi(context: CheckContext): Promise<void> {
  const { client, tokens } = await logInDirectly(context);
  const { verifier } = createVerifier(context);
  // The request has a proof if the token is bound to a key.
  const fetchApi = createResourceFetch(
    createClient({
      ...client.options,
      dpop: context.server.options.dpop,
      fetch: async (url, { method, headers }) => {
        const request = { method, url, headers: new Headers(headers) };
        return verifier.verify(request).then(
          ({ accessToken: { sub } }) => Response.json({ sub }),
          (error: Error) => Response.json({ error: error.message }, { status: 403 }),
        );
      },
    }),
    { origins: [api], getAccessToken: async () => tokens },
  );
  const response = await fetchApi(`${api}/items`);
  assert.deepEqual(await response.json(), { sub: tokens.claims?.sub });
  const { idToken } = tokens;
  assert.ok(idToken, 'The server issued no ID token.');
  await assert.rejects(verifier.verifyToken(idToken), { name: 'AccessTokenError' });
}

/** Seconds after which an API fetches keys again for an unknown `kid`. */
const keysCoolDown = 60;

export async function checkRotation(context: CheckContext): Promise<void> {
  const { verifier, advance } = createVerifier(context);
  const { agent } = await logIn(context);
  const { accessToken: previous = '' } = await getToken(context, agent);
  await verifier.verifyToken(previous);
  await context.server.rotateKeys?.();
  // The deployment has the previous keys in its cache.
  const newAgent = openUserAgent();
  await visitLogin(context, newAgent);
  const { accessToken = '' } = await getToken(context, newAgent);
  assert.notEqual(readKeyId(accessToken), readKeyId(previous), 'The server signs with the previous key.');
  advance(keysCoolDown);
  await verifier.verifyToken(accessToken);
}

const readKeyId = (token: string): unknown =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
