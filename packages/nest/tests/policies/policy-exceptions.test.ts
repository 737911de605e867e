import { Controller, Get, GoneException, HttpException } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { Policy } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

@Controller()
class ItemsController {
  @Policy(() => {
    throw new GoneException('This item was deleted');
  })
  @Get('gone')
  gone() {
    return {};
  }

  @Policy(async () => {
    throw new HttpException({ reason: 'payment' }, 402);
  })
  @Get('payment')
  payment() {
    return {};
  }
}

describe.each(adapters)('exceptions of policies on %s', (adapter) => {
  test('N1: responds with the status and body of a Nest exception that a policy throws', async () => {
    const { call, mint } = await startApp({ controllers: [ItemsController] }, { adapter });
    const token = await mint();
    expect(await call('/gone', token)).toMatchObject({
      status: 410,
      body: { statusCode: 410, message: 'This item was deleted' },
    });
    expect(await call('/payment', token)).toMatchObject({ status: 402, body: { reason: 'payment' } });
    expect(await call('/gone')).toMatchObject({ status: 401 });
  });
});
