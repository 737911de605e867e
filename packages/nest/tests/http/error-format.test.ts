import { Controller, Get, Inject, Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  type ErrorFormat,
  Policy,
  RequireScopes,
} from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

@Controller()
class ItemsController {
  constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}

  @RequireScopes('items:write')
  @Get('scope')
  scope() {
    return {};
  }

  @Policy(() => false)
  @Get('policy')
  policy() {
    return {};
  }

  @Get('handler')
  handler() {
    throw this.verifier.createAccessDeniedError('Not on Sundays');
  }
}

const error = vi.fn();
beforeEach(() => {
  error.mockClear();
  vi.spyOn(Logger.prototype, 'error').mockImplementation(error);
});
afterEach(() => vi.restoreAllMocks());

describe.each(adapters)('the body of a rejection on %s', (adapter) => {
  const start = (errorFormat: ErrorFormat) =>
    startApp({ controllers: [ItemsController] }, { adapter, auth: { errorFormat } });

  test('is the result of the function, in the guard and in handlers, beside the challenge', async () => {
    const { call, mint } = await start(({ status, title, code, message }) => ({
      ok: false,
      error: { status, title, code, message },
    }));
    const token = await mint();
    const missing = await call('/scope');
    expect(missing).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { ok: false, error: { status: 401, title: 'Unauthorized', code: 'token_missing' } },
    });
    expect(await call('/scope', token)).toMatchObject({
      status: 403,
      challenge: expect.stringContaining('scope="items:write"'),
      body: { ok: false, error: { code: 'insufficient_scope' } },
    });
    expect(await call('/scope', 'a.b.c')).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('error="invalid_token"'),
      body: { error: { code: 'invalid_token' } },
    });
    expect(await call('/policy', token)).toMatchObject({
      status: 403,
      body: { error: { code: 'access_denied' } },
    });
    expect(await call('/handler', token)).toMatchObject({
      status: 403,
      body: { error: { code: 'access_denied', message: 'Not on Sundays' } },
    });
  });

  test('is a problem document, beside the challenge', async () => {
    const { call, mint } = await start('problem');
    const { status, challenge, body, headers } = await call('/scope', await mint());
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect({ status, body }).toMatchObject({
      status: 403,
      body: { type: 'about:blank', title: 'Forbidden', status: 403, code: 'insufficient_scope' },
    });
    expect(challenge).toContain('error="insufficient_scope"');
  });

  test.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('no such template');
      },
    ],
    ['returns nothing', () => undefined],
    ['returns null', () => null],
    ['returns a string', () => 'no'],
  ])('is the default if the function %s, and the request is rejected', async (_, format) => {
    const { call } = await start(format as ErrorFormat);
    expect(await call('/scope')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { statusCode: 401, error: 'Unauthorized' },
    });
    expect(error.mock.lastCall?.[0]).toContain('errorFormat');
  });
});

test('an application with an unknown format does not start', async () => {
  await expect(
    startApp({ controllers: [ItemsController] }, { auth: { errorFormat: 'problems' as never } }),
  ).rejects.toMatchObject({ code: 'invalid_option' });
});
