import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { afterEach, expect, test } from 'vitest';
import { createAccessTokenVerifier } from './index.ts';

const audience = 'https://api.example.test';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

async function keyFor(alg: Algorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() };
}

/** A certified provider that gives clients tokens of their own; its keys can be exchanged while it runs. */
async function startProvider(alg: Algorithm) {
  const configure = (issuer: string, keys: JWK[]) =>
    new Provider(issuer, {
      jwks: { keys } as never,
      clients: [
        {
          client_id: 'job',
          client_secret: 'job-secret',
          grant_types: ['client_credentials'],
          id_token_signed_response_alg: alg,
          redirect_uris: [],
          response_types: [],
        },
      ],
      enabledJWA: { idTokenSigningAlgValues: [alg, 'RS256'] },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            scope: 'items:read',
            audience,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg } },
          }),
        },
      },
    } as never);
  let handle = (_request: never, _response: never): void => {};
  const server = createServer((request, response) => handle(request as never, response as never));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const use = (keys: JWK[]) => {
    handle = configure(issuer, keys).callback() as never;
  };
  const first = await keyFor(alg);
  use([first]);

  const mint = async (): Promise<string> => {
    const response = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('job:job-secret')}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: 'items:read',
        resource: audience,
      }),
    });
    const answer = (await response.json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
    return answer.access_token;
  };
  return { issuer, mint, use, first };
}

test.each<Algorithm>(['RS256', 'PS256', 'ES256', 'EdDSA'])(
  'access tokens of a certified provider, signed with %s, pass the strict profile',
  async (alg) => {
    const { issuer, mint } = await startProvider(alg);
    const verifier = createAccessTokenVerifier({ issuer, audience, allowInsecureIssuer: true });
    const verified = await verifier.verifyToken(await mint());
    expect(verified).toMatchObject({ issuer, clientId: 'job', sub: 'job', scopes: ['items:read'] });
  },
);

test('A4: keys are rotated under load, and no good token is refused', { timeout: 30_000 }, async () => {
  const { issuer, mint, use, first } = await startProvider('ES256');
  const verifier = createAccessTokenVerifier({ issuer, audience, allowInsecureIssuer: true });
  let stop = false;
  let verified = 0;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!stop) {
        await verifier.verifyToken(await mint());
        verified++;
      }
    }),
  );
  const second = await keyFor('ES256');
  await expect.poll(() => verified).toBeGreaterThan(20);
  // The new key signs, the old one is still published.
  use([second, first]);
  await expect.poll(() => verified).toBeGreaterThan(60);
  use([second]);
  await expect.poll(() => verified).toBeGreaterThan(100);
  stop = true;
  await load;
});
