import type { JWK } from 'jose';
import { json } from '../errors.ts';
import { applyFaults } from '../faults/index.ts';
import type { ServerState } from '../state.ts';

export async function jwks(state: ServerState): Promise<Response> {
  const { publishedKey } = state.flavour;
  const keys = (await state.keys.listPublishedKeys())
    .filter(({ alg }) => !alg.startsWith('HS'))
    .map(({ publicJwk }) => publishedKey?.({ ...publicJwk }, state.issuer) ?? publicJwk) as JWK[];
  const all = state.options.decoyKeys ? [...(await createDecoyKeys(state, keys)), ...keys] : keys;
  const body = { keys: structuredClone(all) as Record<string, unknown>[] };
  return json(await applyFaults(state, 'jwks', body), 200, { 'content-type': 'application/jwk-set+json' });
}

/** Keys that a client must ignore: of unknown kinds, for encryption, and with the `kid` of a real key. */
async function createDecoyKeys(state: ServerState, keys: readonly JWK[]): Promise<JWK[]> {
  const kid = keys[0]?.kid ?? 'kid';
  const { publicJwk: okp } = await state.keys.foreign('Ed25519');
  const { publicJwk: ec } = await state.keys.foreign('ES384');
  const { publicJwk: rsa } = await state.keys.foreign('RS256');
  return [
    { kty: 'EC', crv: 'secp256k1', kid: 'koblitz', use: 'sig', x: okp.x, y: okp.x } as JWK,
    { kty: 'FUTURE', kid: 'future', use: 'sig', stuff: 'unknown' } as JWK,
    { ...okp, kid, alg: undefined } as unknown as JWK,
    { ...ec, kid } as JWK,
    { ...rsa, kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' },
    { ...rsa, kid: 'operations', use: undefined, alg: undefined, key_ops: ['encrypt'] } as unknown as JWK,
    { kty: 'oct', kid: 'secret', k: 'AAAA' },
  ];
}
