import { base64url, calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import { getSeconds } from '../clock.ts';
import { OAuthError } from '../errors.ts';
import { createRandomId, type ServerState } from '../state.ts';

/** Returns the thumbprint of the key of a valid proof, if the request has a proof (RFC 9449 section 4.3). */
export async function verifyDpopProof(
  state: ServerState,
  request: Request,
  accessToken?: string,
): Promise<string | undefined> {
  const proof = request.headers.get('dpop');
  if (proof === null) return undefined;
  let claims: JWTPayload;
  let jkt: string;
  try {
    const verifiedProof = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      currentDate: new Date(state.clock.now()),
    });
    claims = verifiedProof.payload;
    if ('d' in (verifiedProof.protectedHeader.jwk ?? {})) throw new Error('private key');
    jkt = await calculateJwkThumbprint(
      verifiedProof.protectedHeader.jwk as Parameters<typeof calculateJwkThumbprint>[0],
    );
  } catch {
    throw createProofError('the proof is not valid');
  }
  const url = new URL(request.url);
  if (claims.htm !== request.method || claims.htu !== url.origin + url.pathname)
    throw createProofError('htm or htu differs');
  if (Math.abs(getSeconds(state.clock) - (claims.iat ?? 0)) > 60) throw createProofError('iat is not recent');
  if (typeof claims.jti !== 'string' || state.jtis.has(claims.jti))
    throw createProofError('jti was used before');
  if (accessToken !== undefined && claims.ath !== (await hashToken(accessToken)))
    throw createProofError('ath differs');
  if (state.options.dpopNonce && !state.nonces.has(String(claims.nonce))) {
    const nonce = createRandomId();
    state.nonces.add(nonce);
    throw new OAuthError('use_dpop_nonce', 'a nonce is required', accessToken === undefined ? 400 : 401, {
      'dpop-nonce': nonce,
    });
  }
  state.jtis.add(claims.jti);
  return jkt;
}

async function hashToken(text: string): Promise<string> {
  return base64url.encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
  );
}

const createProofError = (description: string) => new OAuthError('invalid_dpop_proof', description);
