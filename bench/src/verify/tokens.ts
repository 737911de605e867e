import { constants, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export const issuer = 'https://id.example/';
export const audience = 'https://api.countersign.example';

/** An issuer with one key, which serves its key set on localhost. */
export interface TestIssuer {
  readonly alg: Algorithm;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
  readonly jwksUri: string;
  token(changes?: Readonly<Record<string, unknown>>): string;
  close(): void;
}

const keyPairs = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const;

export async function startIssuer(
  alg: Algorithm,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<TestIssuer> {
  const { publicKey, privateKey } = keyPairs[alg]();
  const kid = randomUUID();
  const jwks = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }] });
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(jwks);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    alg,
    publicKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    token: (changes) =>
      signToken({ alg, kid, key: privateKey }, { ...accessTokenClaims(), ...claims, ...changes }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Creates typical access token claims. With RS256, the token has about 750 characters. */
function accessTokenClaims(): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    aud: audience,
    sub: `user-${randomUUID()}`,
    client_id: 'spa',
    scope: 'openid items:read items:write',
    iat: now,
    exp: now + 3600,
    jti: randomUUID(),
  };
}

function signToken(
  { alg, kid, key }: { readonly alg: Algorithm; readonly kid: string; readonly key: KeyObject },
  claims: Readonly<Record<string, unknown>>,
): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const data = `${encode({ alg, typ: 'at+jwt', kid })}.${encode(claims)}`;
  const options =
    alg === 'ES256'
      ? { key, dsaEncoding: 'ieee-p1363' as const }
      : alg === 'PS256'
        ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : { key };
  const signature = sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(data), options);
  return flat(`${data}.${signature.toString('base64url')}`);
}

/** Copies the text to other memory, as in a new request. */
export const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

/** Changes one byte of the signature of a token. */
export function tamper(token: string): string {
  const at = token.length - 40;
  return flat(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1));
}
