import { Controller, Get } from '@nestjs/common';
import {
  ClientProxyFactory,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Principal, Public, RequireScopes, rpcCredentials } from '../../src/index.ts';
import { type StartOptions, startApp } from '../support/start/start-app.ts';

@Controller()
class ItemsController {
  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:write')
  @MessagePattern('write')
  write() {
    return 'written';
  }

  @Public()
  @MessagePattern('open')
  open() {
    return 'open';
  }

  @Get('http')
  http(@Principal('sub') sub: string) {
    return { sub };
  }
}

async function start(inheritAppConfig: boolean, auth: StartOptions['auth'] = {}) {
  const port = await findFreePort();
  const testApp = await startApp(
    { controllers: [ItemsController] },
    {
      auth,
      before: async (app) => {
        app.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.TCP, options: { host: '127.0.0.1', port } },
          { inheritAppConfig },
        );
        await app.startAllMicroservices();
      },
    },
  );
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  const send = async (pattern: string, data: unknown) => {
    try {
      return await firstValueFrom(client.send<unknown>(pattern, data));
    } catch (error) {
      return error;
    }
  };
  return { ...testApp, send };
}

const dataCredentials = {
  rpcCredentials: (data: unknown) => (data as { authorization?: string } | undefined)?.authorization,
};

describe.each([true, false])('A10: messages over TCP; application configuration inherited: %s', (inherit) => {
  test('rejects all messages if no credential can be found', async () => {
    const { send, mint } = await start(inherit);
    expect(await send('open', {})).toBe('open');
    expect(await send('me', { authorization: `Bearer ${await mint()}` })).toMatchObject({
      statusCode: 401,
      code: 'token_missing',
    });
  });

  test('guards each message with rpcCredentials()', async () => {
    const { send, call, mint } = await start(inherit, dataCredentials);
    const authorization = `Bearer ${await mint()}`;
    expect(await send('me', { authorization })).toBe('alice');
    expect(await send('me', {})).toMatchObject({ statusCode: 401, code: 'token_missing' });
    expect(await send('me', { authorization: 'Bearer %' })).toMatchObject({ statusCode: 400 });
    expect(await send('write', { authorization })).toMatchObject({
      statusCode: 403,
      code: 'insufficient_scope',
    });
    expect(await call('/http')).toMatchObject({ status: 401 });
    expect(await call('/http', await mint())).toMatchObject({ status: 200, body: { sub: 'alice' } });
  });
});

test('finds the credential of each transport that has headers', () => {
  const value = 'Bearer abc';
  const withCredential = [
    { get: (name: string) => (name === 'authorization' ? [value] : []), getMap: () => ({}) },
    { getMessage: () => ({ headers: { Authorization: Buffer.from(value) } }) },
    { getMessage: () => ({ properties: { headers: { authorization: value } } }) },
    { getHeaders: () => ({ get: () => value }) },
    { getPacket: () => ({ properties: { userProperties: { authorization: value } } }) },
    { getMetadata: () => ({ authorization: value }) },
  ];
  for (const context of withCredential) expect(rpcCredentials(undefined, context)).toBe(value);
  const withoutCredential = [
    undefined,
    null,
    'text',
    {},
    { get: () => [value, value], getMap: () => ({}) },
    { get: () => [], getMap: () => ({}) },
    { get: () => [value] },
    { getMessage: () => undefined },
    { getHeaders: () => undefined },
    { getPacket: () => undefined },
    { getMetadata: () => undefined },
    { getMetadata: () => ({ authorization: value, Authorization: 'Bearer other' }) },
  ];
  for (const context of withoutCredential)
    expect(rpcCredentials({ authorization: value }, context)).toBeUndefined();
});
