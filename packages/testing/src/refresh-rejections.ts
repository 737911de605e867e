import type { Failure } from './options.ts';

/** The meaning of an error response to a refresh for the login. */
export type RefreshOutcome =
  | 'login_ended'
  | 'interaction_required'
  | 'client_rejected'
  | 'rejected'
  | 'unavailable';

/** An error response to a refresh, as a provider sends it. */
export interface RefreshRejection {
  readonly name: string;
  /** Pass it to `server.fail('token', ...)`, with `times`. */
  readonly failure: Failure;
  readonly outcome: RefreshOutcome;
}

const jsonFailure = (body: object, status: number, type = 'application/json'): Failure => ({
  status,
  headers: { 'content-type': type },
  body: JSON.stringify(body),
});
const text = (body: string, status: number, headers: Readonly<Record<string, string>> = {}): Failure => ({
  status,
  headers,
  body,
});

const invalidGrant = { error: 'invalid_grant', error_description: 'Token is not active' };

/**
 * Error responses to a refresh that providers send, with their meaning. A client must end the login only for
 * `login_ended`, and must not repeat a refresh with each call.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @example
 * ```ts
 * import { createTestAuthorizationServer, refreshRejections } from '@countersign/testing';
 *
 * for (const { name, failure, outcome } of refreshRejections) {
 *   const server = await createTestAuthorizationServer();
 *   server.fail('token', { ...failure, times: 20 });
 *   console.log(name, outcome); // Refresh, and compare the result with the outcome.
 * }
 * ```
 */
export const refreshRejections: readonly RefreshRejection[] = [
  { name: 'invalid_grant, 400', failure: jsonFailure(invalidGrant, 400), outcome: 'login_ended' },
  { name: 'invalid_grant, 401', failure: jsonFailure(invalidGrant, 401), outcome: 'login_ended' },
  { name: 'invalid_grant, 403', failure: jsonFailure(invalidGrant, 403), outcome: 'login_ended' },
  { name: 'invalid_grant, 200', failure: jsonFailure(invalidGrant, 200), outcome: 'login_ended' },
  {
    name: 'invalid_grant, 401 with a challenge',
    failure: {
      ...jsonFailure(invalidGrant, 401),
      headers: { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="clients"' },
    },
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant as text/plain',
    failure: jsonFailure(invalidGrant, 400, 'text/plain'),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant as problem+json',
    failure: jsonFailure(invalidGrant, 400, 'application/problem+json'),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant as Application/JSON',
    failure: jsonFailure(invalidGrant, 400, 'Application/JSON; charset=UTF-8'),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant without content type',
    failure: text(JSON.stringify(invalidGrant), 400),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant as JSON in HTML',
    failure: jsonFailure(invalidGrant, 400, 'text/html'),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant after a byte order mark',
    failure: text(`\ufeff ${JSON.stringify(invalidGrant)}`, 400, { 'content-type': 'text/plain' }),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant as a form',
    failure: text('error=invalid_grant&error_description=expired+token', 400, {
      'content-type': 'application/x-www-form-urlencoded',
    }),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant in the challenge only',
    failure: text('', 401, { 'www-authenticate': 'Bearer error="invalid_grant"' }),
    outcome: 'login_ended',
  },
  {
    name: 'bad_refresh_token, 200',
    failure: jsonFailure({ error: 'bad_refresh_token' }, 200),
    outcome: 'login_ended',
  },
  {
    name: 'bad_refresh_token, 200 as a form',
    failure: text('error=bad_refresh_token&error_uri=%2Fhelp', 200, {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    }),
    outcome: 'login_ended',
  },
  {
    name: 'invalid_grant with suberror bad_token',
    failure: jsonFailure({ ...invalidGrant, suberror: 'bad_token' }, 400),
    outcome: 'login_ended',
  },
  ...['interaction_required', 'consent_required', 'login_required', 'account_selection_required'].map(
    (error): RefreshRejection => ({
      name: error,
      failure: jsonFailure({ error }, 400),
      outcome: 'interaction_required',
    }),
  ),
  ...['consent_required', 'basic_action', 'user_password_expired'].map(
    (suberror): RefreshRejection => ({
      name: `invalid_grant with suberror ${suberror}`,
      failure: jsonFailure(
        { ...invalidGrant, suberror, claims: '{"access_token":{"acrs":{"essential":true}}}' },
        400,
      ),
      outcome: 'interaction_required',
    }),
  ),
  {
    name: 'invalid_client, 401',
    failure: jsonFailure({ error: 'invalid_client' }, 401),
    outcome: 'client_rejected',
  },
  {
    name: 'invalid_client, 400',
    failure: jsonFailure({ error: 'invalid_client' }, 400),
    outcome: 'client_rejected',
  },
  {
    name: 'unauthorized_client, 401 of Keycloak',
    failure: jsonFailure(
      { error: 'unauthorized_client', error_description: 'Invalid client or Invalid client credentials' },
      401,
    ),
    outcome: 'client_rejected',
  },
  {
    name: 'unauthorized_client, 403',
    failure: jsonFailure({ error: 'unauthorized_client' }, 403),
    outcome: 'client_rejected',
  },
  { name: 'an empty 400', failure: text('', 400), outcome: 'rejected' },
  {
    name: 'an empty 400 labelled JSON',
    failure: text('', 400, { 'content-type': 'application/json' }),
    outcome: 'rejected',
  },
  {
    name: 'invalid_request of Dex without its preset',
    failure: jsonFailure({ error: 'invalid_request', error_description: 'Refresh token expired.' }, 400),
    outcome: 'rejected',
  },
  {
    name: '403 of a firewall',
    failure: text('<html>Forbidden', 403, { 'content-type': 'text/html' }),
    outcome: 'rejected',
  },
  {
    name: 'HTML labelled JSON',
    failure: text('<html>Bad request', 400, { 'content-type': 'application/json' }),
    outcome: 'rejected',
  },
  { name: 'an empty 401', failure: text('', 401), outcome: 'rejected' },
  { name: 'a malformed challenge', failure: text('', 401, { 'www-authenticate': '"' }), outcome: 'rejected' },
  { name: '404', failure: text('Not found', 404), outcome: 'rejected' },
  {
    name: 'a JSON text',
    failure: text('"invalid_grant"', 400, { 'content-type': 'application/json' }),
    outcome: 'rejected',
  },
  { name: 'repeated members', failure: text('{"error":"a","error":"b"}', 400), outcome: 'rejected' },
  {
    name: 'unsupported_grant_type',
    failure: jsonFailure({ error: 'unsupported_grant_type' }, 400),
    outcome: 'rejected',
  },
  {
    name: 'temporarily_unavailable, 400',
    failure: jsonFailure({ error: 'temporarily_unavailable' }, 400),
    outcome: 'unavailable',
  },
  { name: 'invalid_grant, 503', failure: jsonFailure(invalidGrant, 503), outcome: 'unavailable' },
];
