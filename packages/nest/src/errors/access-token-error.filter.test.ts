import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpException,
  Inject,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { describe, expect, test } from 'vitest';
import { adapters, startApp } from '../../tests/support/start/start-app.ts';
import { ACCESS_TOKEN_VERIFIER, type AccessTokenVerifier } from '../index.ts';

@Controller('items')
class ItemsController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @Get()
  items() {
    throw this.#verifier.createAccessDeniedError('Not on Sundays');
  }
}

const controllers = [ItemsController];

describe.each(adapters)('AccessTokenErrorFilter on %s', (adapter) => {
  test('retains the challenge if an exception filter of the application writes the body', async () => {
    @Catch(HttpException)
    class Filter implements ExceptionFilter {
      catch(error: HttpException, host: ArgumentsHost) {
        const response = host.getArgByIndex(1);
        response.status(error.getStatus()).send({ application: error.message });
      }
    }
    const { call } = await startApp(
      { controllers, providers: [{ provide: APP_FILTER, useClass: Filter }] },
      { adapter },
    );
    expect(await call('/items')).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { application: 'An access token is required' },
    });
  });

  test('sends problem+json with errorFormat: problem', async () => {
    const { call } = await startApp({ controllers }, { adapter, auth: { errorFormat: 'problem' } });
    const { headers, body } = await call('/items');
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'An access token is required',
      code: 'token_missing',
    });
  });

  test('sends an error that a handler throws in the same form', async () => {
    const { call, mint } = await startApp({ controllers }, { adapter });
    expect(await call('/items', await mint())).toMatchObject({
      status: 403,
      body: { statusCode: 403, error: 'Forbidden', message: 'Not on Sundays' },
    });
  });
});
