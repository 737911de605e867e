import { clientSecretBasic } from '@countersign/core';
import { type AccessTokenVerifier, TransportError } from '@countersign/core/resource-server';
import { Controller, Get, Logger } from '@nestjs/common';
import { afterEach, expect, test, vi } from 'vitest';
import { audience, startApp } from '../tests/support/start/start-app.ts';
import { ACCESS_TOKEN_VERIFIER } from './index.ts';

@Controller('items')
class ItemsController {
  @Get()
  items() {
    return [];
  }
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('the log line of a 401 contains the expected and the found value, and the response does not', async () => {
  const debug = vi.spyOn(Logger.prototype, 'debug').mockImplementation(() => {});
  const { call, mint, server } = await startApp({ controllers: [ItemsController] });
  const other = 'https://other.example.test';
  const tokens = {
    aud: await mint({ aud: other }),
    typ: await mint({}, { header: { typ: 'JWT' } }),
    iss: await mint({ iss: other }),
    exp: await mint({ exp: 1_700_000_000 }),
  };
  const lines: Record<string, string> = {};
  for (const [check, token] of Object.entries(tokens)) {
    const { status, challenge, body } = await call('/items', token);
    expect(status).toBe(401);
    for (const detail of [other, audience, server.issuer, 'at+jwt', '2023'])
      expect(JSON.stringify({ challenge, body })).not.toContain(detail);
    lines[check] = String(debug.mock.lastCall?.[0]);
  }
  expect(lines.aud).toBe(
    `Rejected an access token: invalid_token (aud): expected "${audience}", found "${other}". explainToken() names the remedy.`,
  );
  expect(lines.typ).toContain('(typ): expected "at+jwt", found "JWT"');
  expect(lines.iss).toContain(`(iss): expected "${server.issuer}", found "${other}"`);
  expect(lines.exp).toMatch(
    /\(exp\): expected a time after .*Z, .* found 2023-11-14T22:13:20.000Z, \d+ s ago/,
  );
  vi.stubEnv('NODE_ENV', 'production');
  await call('/items', tokens.aud);
  expect(debug.mock.lastCall?.[0]).toBe('Rejected an access token: invalid_token (aud)');
});

test('R8: limits the log lines about tokens that the issuer cannot introspect', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const { call } = await startApp(
    { controllers: [ItemsController] },
    { auth: { introspection: { clientId: 'api', clientAuthentication: clientSecretBasic('wrong') } } },
  );
  for (let count = 0; count < 30; count++) expect((await call('/items', `opaque-${count}`)).status).toBe(503);
  expect(warn.mock.calls).toHaveLength(10);
  expect(warn.mock.calls[0]?.[0]).toMatch(
    /^Cannot verify an access token \(503\): server_error: .*invalid_client/,
  );
});

test('R8: limits the log lines about rejected tokens, and writes none about a missing token', async () => {
  const debug = vi.spyOn(Logger.prototype, 'debug').mockImplementation(() => {});
  const { call } = await startApp({ controllers: [ItemsController] });
  expect((await call('/items')).status).toBe(401);
  expect(debug.mock.calls).toEqual([]);
  for (let count = 0; count < 30; count++) expect((await call('/items', `x${count}`)).status).toBe(401);
  expect(debug.mock.calls).toHaveLength(10);
});

test('C7: the message of an error of validate is not in the log, which names the place of it for developers', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const validate = () => {
    throw Object.assign(new Error('password=hunter2'), { code: 'ECONNREFUSED' });
  };
  const { call, mint } = await startApp({ controllers: [ItemsController] }, { auth: { validate } });
  expect((await call('/items', await mint())).status).toBe(503);
  vi.stubEnv('NODE_ENV', 'production');
  expect((await call('/items', await mint())).status).toBe(503);
  const line = 'Cannot verify an access token (503): server_error: Error ECONNREFUSED';
  expect(warn.mock.calls).toEqual([
    [
      `${line}. Its message is not written, because it can contain a secret. The option onEvent receives it as "reason".`,
    ],
    [line],
  ]);
});

test('the message of a TransportError of validate is in the log, and the response has another', async () => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const validate = () => {
    throw new TransportError('store_unavailable', 'the database of members is down');
  };
  const { call, mint } = await startApp({ controllers: [ItemsController] }, { auth: { validate } });
  const { status, body } = await call('/items', await mint());
  expect(status).toBe(503);
  expect(JSON.stringify(body)).not.toContain('members');
  expect(warn.mock.calls).toEqual([
    ['Cannot verify an access token (503): server_error: the database of members is down'],
  ]);
});

test('the injected verifier explains a token outside production', async () => {
  const { app, mint } = await startApp({ controllers: [ItemsController] });
  const verifier = app.get<AccessTokenVerifier>(ACCESS_TOKEN_VERIFIER);
  const { text } = await verifier.explainToken(await mint({ aud: 'https://other.example.test' }));
  expect(text).toMatch(/^The access token is rejected\.\naud: .*Expected "https:\/\/api\.example\.test"/);
  vi.stubEnv('NODE_ENV', 'production');
  await expect(verifier.explainToken(await mint())).rejects.toMatchObject({ code: 'wrong_context' });
});
