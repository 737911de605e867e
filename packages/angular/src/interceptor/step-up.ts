import type { Auth } from '../auth.ts';

/** Milliseconds in which the same challenge does not send the user away again: an API that is never content must not make a loop. */
const patience = 60_000;

/**
 * Logs in again for what an API asks for.
 *
 * @param challenge the `WWW-Authenticate` of its answer
 * @see RFC 9470 section 4, RFC 6750 section 3.1
 */
export function stepUpFor(auth: Auth, challenge: string): void {
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)=(?:"([^"]*)"|(\w+))/g)].map((m) => [m[1], m[2] ?? m[3]]),
  );
  if (!/^insufficient_(user_authentication|scope)$/.test(parameters.get('error') ?? '')) return;
  const key = `countersign step-up ${auth.claims()?.sub} ${challenge}`;
  if (Date.now() - Number(sessionStorage.getItem(key)) < patience) return;
  sessionStorage.setItem(key, String(Date.now()));
  const acrValues = parameters.get('acr_values')?.split(' ');
  const maxAge = parameters.get('max_age');
  const scope = parameters.get('scope');
  auth
    .stepUp({
      ...(acrValues && { acrValues }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      ...(scope !== undefined && { scope }),
    })
    // The signal `error` says why.
    .catch(() => {});
}
