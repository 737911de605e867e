import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { afterEach } from 'vitest';
import { audience } from './start-app.ts';

export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A private key with its `kid`. */
export async function createKey(alg: Algorithm): Promise<JWK & { readonly kid: string }> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: crypto.randomUUID() };
}

/** Starts a certified provider whose keys can be replaced while it runs. */
export async function startProvider(alg: Algorithm) {
  let handle: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  let published: readonly string[] = [];
  /** Publishes the keys. The first key signs. */
  const publishKeys = (keys: readonly (JWK & { readonly kid: string })[]): void => {
    handle = new Provider(issuer, { ...createConfiguration(alg), jwks: { keys } as never }).callback();
    published = keys.map(({ kid }) => kid);
  };
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
    const body = (await response.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(JSON.stringify(body));
    return body.access_token;
  };
  const isPublished = (token: string): boolean => published.includes(readKeyId(token));
  return { issuer, publishKeys, mint, isPublished };
}

/** Reads the `kid` of a token. */
export const readKeyId = (token: string): string => String(decodeProtectedHeader(token).kid);

function createConfiguration(alg: Algorithm): Configuration {
  return {
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
          accessTokenTTL: 3600,
          jwt: { sign: { alg } },
        }),
      },
    },
  };
}
