import { expect, test } from 'vitest';
import { atlassian, type ClientOptions, createClient, dex, github, kanidm } from '../index.ts';
import { classifyRefreshRejection, type TokenErrorResponse } from '../protocol/tokens/refresh-rejection.ts';

const client: ClientOptions = { issuer: 'https://id.example', clientId: 'web' };
const kinds: readonly [string, ClientOptions, TokenErrorResponse, string][] = [
  [
    'dex',
    dex(client),
    { status: 400, error: 'invalid_request', errorDescription: 'Refresh token expired.' },
    'login_ended',
  ],
  [
    'dex',
    dex(client),
    {
      status: 400,
      error: 'invalid_request',
      errorDescription: 'Refresh token is invalid or has already been claimed by another client.',
    },
    'login_ended',
  ],
  [
    'dex',
    dex(client),
    { status: 400, error: 'invalid_request', errorDescription: 'Missing scope.' },
    'rejected',
  ],
  ['dex', dex(client), { status: 401, error: 'invalid_client' }, 'client_rejected'],
  ['dex', dex(client), { status: 400, error: 'invalid_grant' }, 'login_ended'],
  ['kanidm', kanidm(client), { status: 400, error: 'invalid_request' }, 'login_ended'],
  ['kanidm', kanidm(client), { status: 401, error: 'invalid_request' }, 'rejected'],
  ['kanidm', kanidm(client), { status: 503, error: 'invalid_request' }, 'unavailable'],
  ['atlassian', atlassian({ clientId: 'web' }), { status: 403, error: 'unauthorized_client' }, 'login_ended'],
  [
    'atlassian',
    atlassian({ clientId: 'web' }),
    { status: 401, error: 'unauthorized_client' },
    'client_rejected',
  ],
  ['github', github({ clientId: 'web' }), { status: 200, error: 'bad_refresh_token' }, 'login_ended'],
  ['github', github({ clientId: 'web' }), { status: 200, error: 'unauthorized_client' }, 'login_ended'],
  [
    'github',
    github({ clientId: 'web' }),
    { status: 200, error: 'incorrect_client_credentials' },
    'client_rejected',
  ],
  ['no preset', client, { status: 403, error: 'unauthorized_client' }, 'client_rejected'],
  [
    'no preset',
    client,
    { status: 400, error: 'invalid_request', errorDescription: 'Refresh token expired.' },
    'rejected',
  ],
];

test.each(kinds)('%s: %#', (_, options, response, kind) => {
  const { provider } = createClient(options).options;
  expect(classifyRefreshRejection(response, { isLoginEnded: provider?.isLoginEnded }).kind).toBe(kind);
});
