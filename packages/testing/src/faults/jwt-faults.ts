import { base64url, exportJWK, exportSPKI } from 'jose';
import { getSeconds } from '../clock.ts';
import type { FaultContext, Jws, JwtKind } from './fault-target.ts';

type Mutation = (jws: Jws, state: FaultContext) => void | Promise<void>;

const removeClaim =
  (claim: string): Mutation =>
  ({ claims }) => {
    delete claims[claim];
  };

/** Appends "1" to the claim, like the conformance suite. */
const appendToClaim =
  (claim: string): Mutation =>
  ({ claims }) => {
    claims[claim] = `${claims[claim] ?? ''}1`;
  };

const setClaim =
  (claim: string, value: (state: FaultContext, jws: Jws) => unknown): Mutation =>
  (jws, state) => {
    jws.claims[claim] = value(state, jws);
  };

const setHeader =
  (name: string, value: unknown): Mutation =>
  (jws) => {
    jws.header[name] = value;
  };

const now = getSeconds;

/** The mutations of signed tokens. The name of a fault is the kind of token and the mutation. */
export const mutations = {
  iss_invalid: appendToClaim('iss'),
  iss_missing: removeClaim('iss'),
  sub_invalid: appendToClaim('sub'),
  sub_missing: removeClaim('sub'),
  sub_number: setClaim('sub', () => 7),
  aud_invalid: appendToClaim('aud'),
  aud_missing: removeClaim('aud'),
  aud_array: setClaim('aud', (_, { claims }) => [claims.aud]),
  aud_secondary: setClaim('aud', (_, { claims }) => [claims.aud, `${claims.aud}1`]),
  azp_other: (jws) => {
    jws.claims.aud = [jws.claims.aud, 'another-client'];
    jws.claims.azp = 'another-client';
  },
  azp_foreign: setClaim('azp', () => 'another-client'),
  exp_missing: removeClaim('exp'),
  exp_expired: setClaim('exp', ({ clock }) => now(clock) - 360),
  exp_text: setClaim('exp', ({ clock }) => String(now(clock) + 300)),
  iat_missing: removeClaim('iat'),
  iat_future: setClaim('iat', ({ clock }) => now(clock) + 600),
  iat_week_old: setClaim('iat', ({ clock }) => now(clock) - 604_800),
  nbf_future: setClaim('nbf', ({ clock }) => now(clock) + 600),
  nonce_invalid: (jws) => {
    jws.claims.nonce = `${jws.claims.nonce ?? 'null'}1`;
  },
  nonce_missing: removeClaim('nonce'),
  nonce_added: setClaim('nonce', () => 'a-nonce'),
  auth_time_missing: removeClaim('auth_time'),
  auth_time_old: setClaim('auth_time', ({ clock }) => now(clock) - 86_400),
  auth_time_changed: setClaim('auth_time', (_, { claims }) => Number(claims.auth_time ?? 0) + 1),
  acr_missing: removeClaim('acr'),
  acr_other: setClaim('acr', () => 'urn:other'),
  sid_missing: removeClaim('sid'),
  sub_and_sid_missing: ({ claims }) => {
    delete claims.sub;
    delete claims.sid;
  },
  jti_missing: removeClaim('jti'),
  at_hash_invalid: appendToClaim('at_hash'),
  at_hash_missing: removeClaim('at_hash'),
  c_hash_invalid: setClaim('c_hash', () => 'AAAAAAAAAAAAAAAAAAAAAA'),
  events_missing: removeClaim('events'),
  events_other: setClaim('events', () => ({ 'http://schemas.openid.net/event/foobar': {} })),
  events_text: setClaim('events', () => 'http://schemas.openid.net/event/backchannel-logout'),
  extra_claim: setClaim('ignored_claim', () => 'ignored'),
  state_invalid: appendToClaim('state'),
  state_missing: removeClaim('state'),
  alg_none: (jws) => {
    jws.header = { alg: 'none', ...(jws.header.typ !== undefined && { typ: jws.header.typ }) };
  },
  /** A valid signature with another algorithm than the registered one. The key is published. */
  alg_other: async (jws, state) => {
    const alg = jws.header.alg === 'ES256' ? 'RS256' : 'ES256';
    jws.header = { ...jws.header, alg, kid: (await state.keys.current(alg)).kid };
  },
  /** HMAC with the client secret. */
  alg_hs256: (jws) => {
    const secret = new TextEncoder().encode(jws.client?.clientSecret ?? 'no-secret');
    Object.assign(jws, { header: { ...jws.header, alg: 'HS256', kid: undefined }, key: secret });
  },
  /** HMAC with the text of the public key as the secret (RFC 8725 section 2.1). */
  alg_hs256_public_key: async (jws, state) => {
    const { publicKey } = await state.keys.current(jws.header.alg);
    jws.key = new TextEncoder().encode(await exportSPKI(publicKey));
    jws.header = { ...jws.header, alg: 'HS256' };
  },
  /** Each byte of the signature XOR 0x5A. */
  signature_invalid: (jws) => {
    jws.finish = (jwt) => {
      const [header, payload, signature = ''] = jwt.split('.');
      return `${header}.${payload}.${base64url.encode(base64url.decode(signature).map((byte) => byte ^ 0x5a))}`;
    };
  },
  signature_missing: (jws) => {
    jws.finish = (jwt) => `${jwt.slice(0, jwt.lastIndexOf('.'))}.`;
  },
  /** Signed with an unpublished key and the `kid` of a published key. HMAC: with the secret of another client. */
  key_foreign: async (jws, state) => {
    const { alg } = jws.header;
    jws.key = alg.startsWith('HS')
      ? new TextEncoder().encode('the secret of another client')
      : (await state.keys.foreign(alg)).privateKey;
  },
  kid_missing: (jws) => {
    delete jws.header.kid;
  },
  kid_unknown: setHeader('kid', 'unknown'),
  /** A key of the attacker in the header. */
  jwk_injected: async (jws, state) => {
    const key = await state.keys.foreign(jws.header.alg);
    jws.key = key.privateKey;
    jws.header = { ...jws.header, jwk: await exportJWK(key.publicKey) };
  },
  jku_injected: async (jws, state) => {
    const key = await state.keys.foreign(jws.header.alg);
    jws.key = key.privateKey;
    jws.header = {
      ...jws.header,
      kid: key.kid,
      jku: 'https://attacker.example/jwks',
      x5u: 'https://attacker.example/x5u',
    };
  },
  crit_unknown: (jws) => {
    jws.header = { ...jws.header, crit: ['urn:example:unknown'], 'urn:example:unknown': true };
  },
  typ_other: setHeader('typ', 'other+jwt'),
  not_a_jwt: (jws) => {
    jws.finish = () => 'not.a.jwt';
  },
  /** Members that count as absent. */
  claims_null: ({ claims }) => {
    for (const name of ['azp', 'nbf', 'auth_time', 'acr', 'nickname']) claims[name] = null;
  },
  /** A repeated member, which parsers read differently. */
  member_repeated: (jws) => {
    jws.payload = (json) => json.replace('{', '{"iss":"https://attacker.example","sub":"mallory",');
  },
  /** Members with the names of object properties, which an unsafe merge would apply. */
  prototype_claims: (jws) => {
    Object.defineProperty(jws.claims, '__proto__', { value: { admin: true }, enumerable: true });
    Object.assign(jws.claims, { constructor: { name: 'evil' } });
  },
} satisfies Record<string, Mutation>;

export type JwtMutation = keyof typeof mutations;

/** For example `id_token_iss_invalid`. */
export type JwtFault = `${JwtKind}_${JwtMutation}`;

const kinds: readonly JwtKind[] = [
  'id_token',
  'access_token',
  'logout_token',
  'authorization_response',
  'userinfo',
  'introspection',
];

/** Finds the mutation that a fault names, and its kind of token. */
export function findMutation(
  fault: string,
): { readonly kind: JwtKind; readonly mutate: Mutation } | undefined {
  const kind = kinds.find((each) => fault.startsWith(`${each}_`));
  const mutate = kind && (mutations as Record<string, Mutation>)[fault.slice(kind.length + 1)];
  return kind && mutate && { kind, mutate };
}
