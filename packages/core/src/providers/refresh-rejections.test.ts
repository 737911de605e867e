import { expect, test } from 'vitest';
import { classifyRefreshRejection, type TokenErrorResponse } from '../protocol/tokens/refresh-rejection.ts';
import { atlassian, dex, github, kanidm, type ProviderPreset, twitch } from './index.ts';

const provider = { issuer: 'https://id.example' };
const kinds: readonly [string, ProviderPreset | undefined, TokenErrorResponse, string][] = [
  [
    'dex',
    dex(provider),
    { status: 400, error: 'invalid_request', errorDescription: 'Refresh token expired.' },
    'login_ended',
  ],
  [
    'dex',
    dex(provider),
    {
      status: 400,
      error: 'invalid_request',
      errorDescription: 'Refresh token is invalid or has already been claimed by another client.',
    },
    'login_ended',
  ],
  [
    'dex',
    dex(provider),
    { status: 400, error: 'invalid_request', errorDescription: 'Missing scope.' },
    'rejected',
  ],
  ['dex', dex(provider), { status: 401, error: 'invalid_client' }, 'client_rejected'],
  ['dex', dex(provider), { status: 400, error: 'invalid_grant' }, 'login_ended'],
  ['kanidm', kanidm(provider), { status: 400, error: 'invalid_request' }, 'login_ended'],
  ['kanidm', kanidm(provider), { status: 401, error: 'invalid_request' }, 'rejected'],
  ['kanidm', kanidm(provider), { status: 503, error: 'invalid_request' }, 'unavailable'],
  ['atlassian', atlassian(), { status: 403, error: 'unauthorized_client' }, 'login_ended'],
  ['atlassian', atlassian(), { status: 401, error: 'unauthorized_client' }, 'client_rejected'],
  ['github', github(), { status: 200, error: 'bad_refresh_token' }, 'login_ended'],
  ['github', github(), { status: 200, error: 'unauthorized_client' }, 'login_ended'],
  ['github', github(), { status: 200, error: 'incorrect_client_credentials' }, 'client_rejected'],
  [
    'twitch',
    twitch(),
    { status: 400, error: 'Bad Request', errorDescription: 'Invalid refresh token' },
    'login_ended',
  ],
  [
    'twitch',
    twitch(),
    { status: 400, error: 'Bad Request', errorDescription: 'missing client id' },
    'rejected',
  ],
  ['twitch', twitch(), { status: 403, error: '', errorDescription: 'invalid client secret' }, 'rejected'],
  ['no preset', undefined, { status: 403, error: 'unauthorized_client' }, 'client_rejected'],
  [
    'no preset',
    undefined,
    { status: 400, error: 'invalid_request', errorDescription: 'Refresh token expired.' },
    'rejected',
  ],
];

test.each(kinds)('%s: %#', (_, preset, response, kind) => {
  expect(classifyRefreshRejection(response, { isLoginEnded: preset?.isLoginEnded }).kind).toBe(kind);
});
