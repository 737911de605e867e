import { json, noStore, OAuthError } from '../errors.ts';
import type { Rejection } from '../flavours/flavour.ts';
import type { ServerState } from '../state.ts';

/** Creates the error of a rejection. What the provider does not define is taken from the standard error. */
export function createRejection(rejection: Rejection | undefined, standard: OAuthError): OAuthError {
  const { error, description, status, members } = rejection ?? {};
  return new OAuthError(
    error ?? standard.error,
    description ?? standard.message,
    status ?? standard.status,
    { ...standard.headers },
    { ...standard.members, ...members },
  );
}

/** Throws if the request has a parameter that the provider rejects. */
export function checkRejectedParameters({ flavour }: ServerState, parameters: URLSearchParams): void {
  for (const [name, rejection] of Object.entries(flavour.rejectedParameters ?? {})) {
    if (parameters.has(name)) {
      throw createRejection(rejection, new OAuthError('invalid_request', `${name} is not supported`));
    }
  }
}

/** Responds in the format of the provider's token endpoint. */
export function respondInFormat(
  { flavour }: ServerState,
  request: Request,
  response: {
    readonly members: Record<string, unknown>;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Response {
  const { members, status = 200, headers = {} } = response;
  const acceptsJson = request.headers.get('accept')?.includes('application/json') === true;
  if (flavour.tokenResponseFormat !== 'form' || acceptsJson) return json(members, status, { ...headers });
  const fields = new URLSearchParams(Object.entries(members).map(([name, value]) => [name, String(value)]));
  return new Response(fields.toString(), {
    status,
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      ...noStore,
      ...headers,
    },
  });
}
