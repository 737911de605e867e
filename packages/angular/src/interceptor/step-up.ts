import type { Auth } from '../auth.ts';

/** Milliseconds in which the same challenge starts one login only, so that an unsatisfiable API causes no loop. */
const repeatInterval = 60_000;

/**
 * Starts the login that an API requires.
 *
 * @param challenge the `WWW-Authenticate` header of the response
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-4
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export function startStepUp(auth: Auth, challenge: string): void {
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)=(?:"([^"]*)"|(\w+))/g)].map((m) => [m[1], m[2] ?? m[3]]),
  );
  if (!/^insufficient_(user_authentication|scope)$/.test(parameters.get('error') ?? '')) return;
  const key = `countersign step-up ${auth.claims()?.sub} ${challenge}`;
  if (!isFirst(key)) return;
  const acrValues = parameters.get('acr_values')?.split(' ');
  const maxAge = parameters.get('max_age');
  const scope = parameters.get('scope');
  auth
    .stepUp({
      ...(acrValues && { acrValues }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      ...(scope !== undefined && { scope }),
    })
    // The signal `error` contains the reason.
    .catch(() => {});
}

/** Without `sessionStorage` no login starts: it could not be completed, and the caller receives the response of the API. */
function isFirst(key: string): boolean {
  try {
    if (Date.now() - Number(sessionStorage.getItem(key)) < repeatInterval) return false;
    sessionStorage.setItem(key, String(Date.now()));
    return true;
  } catch {
    return false;
  }
}
