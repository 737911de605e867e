import { Controller, Get, Logger } from '@nestjs/common';
import { afterEach, expect, test, vi } from 'vitest';
import { startApp } from './support/start/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  items() {
    return [];
  }
}

afterEach(() => void vi.restoreAllMocks());

/** Starts an API with a wrong option and calls it once. Returns the warnings in Nest's log. */
async function callApi(
  auth: (issuer: string) => object,
  claims: (issuer: string) => Record<string, string> = () => ({}),
) {
  const issuer = 'https://auth.example.test';
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const debug = vi.spyOn(Logger.prototype, 'debug').mockImplementation(() => {});
  const { call, mint } = await startApp({ controllers: [ItemsController] }, { auth: auth(issuer) });
  const { status } = await call('/items', await mint(claims(issuer)));
  const readLines = (spy: typeof warn) => spy.mock.calls.map(([line]) => String(line));
  return { status, warnings: readLines(warn), details: readLines(debug), issuer };
}

test('an issuer with another slash is one warning, with the remedy', async () => {
  const { status, warnings, issuer } = await callApi(
    (name) => ({ issuer: `${name}/` }),
    (name) => ({ iss: `${name}/` }),
  );
  expect(status).toBe(503);
  expect(warnings).toEqual([
    `Cannot fetch the keys of ${issuer}/: metadata_invalid: Metadata "issuer" is "${issuer}", expected "${issuer}/". Set the issuer to the value of the metadata: a slash at the end is significant.`,
  ]);
});

test('an unreachable issuer is one warning, with its endpoint', async () => {
  const { status, warnings } = await callApi(() => ({
    fetch: () => Promise.reject(new TypeError('fetch failed')),
  }));
  expect(status).toBe(503);
  expect(warnings).toEqual([
    expect.stringMatching(/^Cannot fetch the keys of \S+: network_error: \S+.* could not be reached/),
  ]);
});

test('a wrong audience is one line, with the expected and the found value', async () => {
  const { status, warnings, details } = await callApi(() => ({ audience: 'https://other.example.test' }));
  expect(status).toBe(401);
  expect(warnings).toEqual([]);
  expect(details).toEqual([
    'Rejected an access token: invalid_token (aud): expected "https://other.example.test", found "https://api.example.test". explainToken() names the remedy.',
  ]);
});
