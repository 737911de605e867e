import type { Jws } from '../jws.ts';
import type { ServerState } from '../state.ts';
import { type AnswerLie, answerLies } from './answers.ts';
import { type JwtLie, mutationOf } from './jwt.ts';

/** A named way to misbehave: what is wrong with what. Some are merely unusual, and must be accepted. */
export type Lie = AnswerLie | JwtLie;

/** The algorithms that userinfo is signed and encrypted with; absent: it is not. */
export interface UserinfoProtection {
  signed?: string | undefined;
  encrypted?: string | undefined;
}

/** What passes on its way out, and may be lied about. */
export interface LyingTo {
  jws: Jws;
  metadata: Record<string, unknown>;
  jwks: { keys: Record<string, unknown>[] };
  authorizationResponse: URLSearchParams;
  tokenResponse: Record<string, unknown>;
  userinfoResponse: Record<string, unknown>;
  userinfoProtection: UserinfoProtection;
  logoutResponse: URLSearchParams;
}

type Teller<K extends keyof LyingTo> = (value: LyingTo[K], state: ServerState) => unknown;

/** The changes that the told lies make to one kind of answer. */
export function liesOf<K extends keyof LyingTo>(kind: K, lies: Iterable<Lie>): Teller<K>[] {
  const tellers: Teller<K>[] = [];
  for (const lie of lies) {
    const answer = (answerLies as Record<string, { [kind: string]: Teller<K> }>)[lie]?.[kind];
    if (answer) tellers.push(answer);
    const signed = kind === 'jws' ? mutationOf(lie) : undefined;
    if (signed) {
      tellers.push(((jws: Jws, state: ServerState) =>
        jws.kind === signed.kind ? signed.mutate(jws, state) : undefined) as unknown as Teller<K>);
    }
  }
  return tellers;
}
