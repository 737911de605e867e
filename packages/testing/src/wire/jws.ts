import { base64url, type CryptoKey } from 'jose';
import type { Jws } from '../faults/fault-target.ts';
import { applyFaults } from '../faults/index.ts';
import type { ServerState } from '../state.ts';

const encode = (value: unknown, change = (json: string) => json) =>
  base64url.encode(change(JSON.stringify(value)));

/** Signs a token, with the active faults. */
export async function sign(state: ServerState, start: Omit<Jws, 'key' | 'finish'>): Promise<string> {
  const { alg } = start.header;
  const kid = alg === 'none' || alg.startsWith('HS') ? undefined : (await state.keys.current(alg)).kid;
  const jws: Jws = { ...start, header: { ...start.header, ...(kid !== undefined && { kid }) } };
  await applyFaults(state, 'jws', jws);
  const input = `${encode(jws.header)}.${encode(jws.claims, jws.payload)}`;
  const key = jws.key ?? (await findSigningKey(state, jws));
  const signature =
    key === undefined ? '' : base64url.encode(await createSignature(jws.header.alg, key, input));
  const jwt = `${input}.${signature}`;
  return jws.finish?.(jwt) ?? jwt;
}

/** Finds the key of the server, or the secret of the client for HMAC (OpenID Connect Core section 10.1). */
async function findSigningKey(state: ServerState, jws: Jws): Promise<CryptoKey | Uint8Array | undefined> {
  const { alg } = jws.header;
  if (alg === 'none') return undefined;
  if (alg === 'HS256') return new TextEncoder().encode(jws.client?.clientSecret ?? 'no-secret');
  return (await state.keys.current(alg)).privateKey;
}

async function createSignature(alg: string, key: CryptoKey | Uint8Array, input: string): Promise<Uint8Array> {
  const data = new TextEncoder().encode(input);
  if (key instanceof Uint8Array) {
    const hmac = await crypto.subtle.importKey(
      'raw',
      new Uint8Array(key),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    );
    return new Uint8Array(await crypto.subtle.sign('HMAC', hmac, data));
  }
  return new Uint8Array(await crypto.subtle.sign(toAlgorithm(alg), key as globalThis.CryptoKey, data));
}

function toAlgorithm(alg: string): AlgorithmIdentifier | RsaPssParams | EcdsaParams {
  const hash = `SHA-${alg.slice(2)}`;
  if (alg.startsWith('RS')) return 'RSASSA-PKCS1-v1_5';
  if (alg.startsWith('PS')) return { name: 'RSA-PSS', saltLength: Number(alg.slice(2)) / 8 };
  if (alg.startsWith('ES')) return { name: 'ECDSA', hash };
  return 'Ed25519';
}
