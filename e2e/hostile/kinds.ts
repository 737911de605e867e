import type { Endpoint } from '@countersign/testing';
import type { FloodOptions, HostileResponse, Send } from './flood.ts';
import { createHostileProofs, forgeAccessToken, forgeLogoutToken, type ProofKey } from './tokens.ts';

/** An attack and its permitted effects. */
export interface HostileKind {
  readonly name: string;
  readonly target: 'web' | 'api';
  readonly attack: FloodOptions['attack'];
  /** Permitted statuses of the responses. */
  readonly allowed: readonly number[];
  /** The error that each challenge must contain (RFC 6750 section 3, RFC 9449 section 7.1). Default: any. */
  readonly error?: string;
  /** Maximum count of requests that the attack causes at the issuers, by endpoint. Default: none. */
  readonly outgoing?: (facts: {
    readonly requests: number;
    readonly seconds: number;
  }) => Partial<Record<Endpoint, number>>;
}

export interface KindOptions {
  readonly api: string;
  readonly audience: string;
  readonly issuer: string;
  /** A valid access token of the attacker, for the kind "DPoP proofs". The other kinds have no valid token. */
  readonly boundToken: string;
  /** The key that the token is bound to. */
  readonly proofKey: ProofKey;
}

/** Creates attacks by clients without an account, and one by a client with a valid token ("DPoP proofs"). Each request contains a unique value. */
export function createHostileKinds(options: KindOptions): readonly HostileKind[] {
  const { api, audience, issuer, boundToken, proofKey } = options;
  const proofRequest = { method: 'GET', url: `${api}/me`, token: boundToken };
  const hostileProofs = createHostileProofs(proofKey, proofRequest);
  const callWithProof = (send: Send, dpop: string) => call(send, `DPoP ${boundToken}`, { dpop });
  // One key request for each cool-down of ten seconds.
  const keyFetches = ({ seconds }: { seconds: number }) => ({ jwks: Math.ceil(seconds / 10) });
  return [
    {
      name: 'hosts',
      target: 'web',
      attack: (send, index) => send({ path: '/auth/login', headers: { host: `h${index}.invalid` } }),
      allowed: [303],
    },
    {
      name: 'hosts that match a pattern',
      target: 'web',
      attack: (send, index) => send({ path: '/auth/login', headers: { host: `h${index}.preview.example` } }),
      allowed: [303],
    },
    {
      name: 'logins',
      target: 'web',
      attack: (send, index) => send({ path: `/auth/login?returnTo=%2Fpage-${index}` }),
      allowed: [303],
    },
    {
      name: 'callbacks with an error',
      target: 'web',
      attack: (send) => callback(send, 'error=access_denied'),
      allowed: [303, 400, 403],
    },
    {
      name: 'callbacks with a code',
      target: 'web',
      attack: (send, index) => callback(send, `code=forged-${index}&iss=${encodeURIComponent(issuer)}`),
      allowed: [303, 400],
      // The code of a started login is sent to the provider once.
      outgoing: ({ requests }) => ({ token: requests }),
    },
    {
      name: 'callbacks without a login',
      target: 'web',
      attack: (send, index) => send({ path: `/auth/callback?state=forged-${index}&code=forged-${index}` }),
      allowed: [303, 400],
    },
    {
      name: 'logout tokens',
      target: 'web',
      attack: (send, index) =>
        send({
          method: 'POST',
          path: '/auth/backchannel-logout',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `logout_token=${forgeLogoutToken(issuer, 'web', index)}`,
        }),
      allowed: [400, 503],
      outgoing: keyFetches,
    },
    {
      name: 'key identifiers',
      target: 'api',
      attack: (send, index) => call(send, `Bearer ${forgeAccessToken(issuer, audience, index)}`),
      allowed: [401, 503],
      outgoing: keyFetches,
    },
    {
      name: 'opaque tokens',
      target: 'api',
      attack: (send, index) => call(send, `Bearer forged-${index}`),
      allowed: [401, 503],
      // The budget of the verifier: 200 requests at once, then 50 in a second.
      outgoing: ({ seconds }) => ({ introspection: 200 + Math.ceil(50 * seconds) }),
    },
    {
      name: 'DPoP proofs',
      target: 'api',
      async attack(send, index) {
        const createProof = hostileProofs[index % (hostileProofs.length + 1)];
        if (createProof) return callWithProof(send, createProof());
        // A replay: the first use fills the replay store.
        const proof = proofKey.prove(proofRequest);
        const first = await callWithProof(send, proof);
        if (first.status !== 200) throw new Error(`A valid proof was rejected with status ${first.status}`);
        return callWithProof(send, proof);
      },
      allowed: [401],
      error: 'invalid_dpop_proof',
    },
  ];
}

const call = (
  send: Send,
  authorization: string,
  headers: Record<string, string> = {},
): Promise<HostileResponse> => send({ path: '/me', headers: { authorization, ...headers } });

/** Starts a login and forges the authorization response. */
async function callback(send: Send, parameters: string): Promise<HostileResponse> {
  const { status, headers } = await send({ path: '/auth/login' });
  if (headers.location === undefined) return { status, headers };
  const state = new URL(headers.location).searchParams.get('state');
  const cookie = (headers['set-cookie'] ?? []).map((text) => text.split(';', 1)[0]).join('; ');
  return send({ path: `/auth/callback?state=${state}&${parameters}`, headers: { cookie } });
}
