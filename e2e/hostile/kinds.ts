import type { Endpoint } from '@countersign/testing';
import type { Answer, FloodOptions, Send } from './flood.ts';
import { createProofKey, forgeAccessToken, forgeLogoutToken } from './tokens.ts';

/** What a kind of attack may lead to. */
export interface HostileKind {
  readonly name: string;
  readonly target: 'web' | 'api';
  readonly attack: FloodOptions['attack'];
  /** Statuses that the attacker may see. */
  readonly allowed: readonly number[];
  /** Requests that the servers may send to the issuers because of the attack, by endpoint; default: none. */
  readonly outgoing?: (facts: {
    readonly requests: number;
    readonly seconds: number;
  }) => Partial<Record<Endpoint, number>>;
}

export interface KindOptions {
  readonly api: string;
  readonly audience: string;
  readonly issuer: string;
}

/** The kinds of requests that need no account, each with a value of its own in every request. */
export function createHostileKinds({ api, audience, issuer }: KindOptions): readonly HostileKind[] {
  const proofKey = createProofKey();
  // One fetch of the keys for each cool-down of ten seconds.
  const keyFetches = ({ seconds }: { seconds: number }) => ({ jwks: Math.ceil(seconds / 10) });
  return [
    {
      name: 'hosts',
      target: 'web',
      attack: (send, index) => send({ path: '/auth/login', headers: { host: `h${index}.invalid` } }),
      allowed: [303],
    },
    {
      name: 'hosts of a pattern',
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
      // The code of a login that was begun is sent to the provider once.
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
      outgoing: ({ requests }) => ({ introspection: requests }),
    },
    {
      name: 'DPoP proofs',
      target: 'api',
      attack: (send, index) => {
        const token = forgeAccessToken(issuer, audience, index);
        const dpop = proofKey.prove({ method: 'GET', url: `${api}/me`, token });
        return call(send, `DPoP ${token}`, { dpop });
      },
      allowed: [401, 503],
      outgoing: keyFetches,
    },
  ];
}

const call = (send: Send, authorization: string, headers: Record<string, string> = {}): Promise<Answer> =>
  send({ path: '/me', headers: { authorization, ...headers } });

/** Begins a login and answers it in the provider's place. */
async function callback(send: Send, answer: string): Promise<Answer> {
  const { status, headers } = await send({ path: '/auth/login' });
  if (headers.location === undefined) return { status, headers };
  const state = new URL(headers.location).searchParams.get('state');
  const cookie = (headers['set-cookie'] ?? []).map((text) => text.split(';', 1)[0]).join('; ');
  return send({ path: `/auth/callback?state=${state}&${answer}`, headers: { cookie } });
}
