import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Seconds since the epoch. */
const now = (): number => Math.floor(Date.now() / 1000);

/** Forges a JWT with the correct issuer and audience, an unknown `kid`, and a random signature. */
export function forgeAccessToken(issuer: string, audience: string, index: number): string {
  const header = encode({ typ: 'at+jwt', alg: 'ES256', kid: `forged-${index}` });
  const payload = encode({
    iss: issuer,
    aud: audience,
    sub: `attacker-${index}`,
    client_id: 'attacker',
    iat: now(),
    exp: now() + 300,
    jti: `${index}`,
  });
  return `${header}.${payload}.${randomBytes(64).toString('base64url')}`;
}

/** Forges a logout token with the correct issuer and audience, and a random signature. */
export function forgeLogoutToken(issuer: string, clientId: string, index: number): string {
  const header = encode({ typ: 'logout+jwt', alg: 'RS256', kid: `forged-${index}` });
  const payload = encode({
    iss: issuer,
    aud: clientId,
    iat: now(),
    exp: now() + 120,
    jti: `forged-${index}`,
    sid: `session-${index}`,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  });
  return `${header}.${payload}.${randomBytes(256).toString('base64url')}`;
}

/** A DPoP key, which any client can create. */
export interface ProofKey {
  readonly thumbprint: string;
  /** Creates a DPoP proof with a unique `jti` (RFC 9449 section 4.2). `claims` replace those of the request. */
  prove(request: ProofRequest, claims?: Readonly<Record<string, unknown>>): string;
}

export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  readonly token: string;
}

export function createProofKey(): ProofKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  return {
    thumbprint,
    prove: ({ method, url, token }, claims = {}) =>
      signEs256(
        { typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } },
        {
          jti: randomBytes(16).toString('base64url'),
          htm: method,
          htu: url,
          iat: now(),
          ath: createHash('sha256').update(token).digest('base64url'),
          ...claims,
        },
        privateKey,
      ),
  };
}

/**
 * Creates proofs that must be rejected, for a valid token that is bound to the key: for another request, token or time, with
 * the signature of another key, too long, and deeply nested.
 */
export function createHostileProofs(key: ProofKey, request: ProofRequest): readonly (() => string)[] {
  const replacePayload = (createText: (payload: string) => string) => {
    const [header, payload = '', signature] = key.prove(request).split('.');
    const text = createText(Buffer.from(payload, 'base64url').toString());
    return `${header}.${Buffer.from(text).toString('base64url')}.${signature}`;
  };
  const nested = '['.repeat(1_500) + ']'.repeat(1_500);
  return [
    () => key.prove(request, { htm: 'POST' }),
    () => key.prove(request, { htu: `${request.url}/other` }),
    () => key.prove(request, { htu: 'x'.repeat(2_000) }),
    () => key.prove({ ...request, token: 'another token' }),
    () => key.prove(request, { iat: now() - 3_600 }),
    () => key.prove(request, { jti: 'j'.repeat(501) }),
    () => key.prove(request).replace(/[^.]+$/, randomBytes(64).toString('base64url')),
    () => key.prove(request, { padding: 'x'.repeat(8_192) }),
    () => replacePayload((text) => `${text.slice(0, -1)},"deep":${nested}}`),
  ];
}

function signEs256(header: object, payload: object, key: KeyObject): string {
  const data = `${encode(header)}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' });
  return `${data}.${signature.toString('base64url')}`;
}
