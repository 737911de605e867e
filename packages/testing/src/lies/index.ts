import { type AnswerLie, answerLies } from './answers.ts';
import { type JwtLie, mutationOf } from './jwt.ts';
import type { Jws, LieContext, LyingTo } from './lie-target.ts';

/** A named way to misbehave: what is wrong with what. Some are merely unusual, and must be accepted. */
export type Lie = AnswerLie | JwtLie;

type Teller<K extends keyof LyingTo> = (value: LyingTo[K], state: LieContext) => unknown;

/** The changes that the told lies make to one kind of answer. */
function liesOf<K extends keyof LyingTo>(kind: K, lies: Iterable<Lie>): Teller<K>[] {
  const tellers: Teller<K>[] = [];
  for (const lie of lies) {
    const answer = (answerLies as Record<string, { [kind: string]: Teller<K> }>)[lie]?.[kind];
    if (answer) tellers.push(answer);
    const signed = kind === 'jws' ? mutationOf(lie) : undefined;
    if (signed) {
      tellers.push(((jws: Jws, state: LieContext) =>
        jws.kind === signed.kind ? signed.mutate(jws, state) : undefined) as unknown as Teller<K>);
    }
  }
  return tellers;
}

/** Applies the active lies to a value before it is sent. */
export async function applyLies<K extends keyof LyingTo>(
  state: LieContext & { readonly lies: Iterable<Lie> },
  kind: K,
  value: LyingTo[K],
): Promise<LyingTo[K]> {
  for (const lie of liesOf(kind, state.lies)) await lie(value, state);
  return value;
}
