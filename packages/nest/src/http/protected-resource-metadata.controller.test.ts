import { Controller, Get } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { adapters, type StartOptions, startApp } from '../../tests/support/start-app.ts';

@Controller('items')
class ItemsController {
  @Get()
  items() {
    return {};
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const start = (options: StartOptions = {}) =>
    startApp({ controllers: [ItemsController] }, { adapter, ...options });

  test('A15: serves the metadata of the resource, and challenges contain its URL', async () => {
    const { call, server } = await start({
      auth: { protectedResource: { resource: 'https://api.example.test/v1', scopes: ['items:read'] } },
    });
    expect((await call('/items')).challenge).toBe(
      'Bearer resource_metadata="https://api.example.test/.well-known/oauth-protected-resource/v1"',
    );
    for (const path of ['', '/v1'])
      expect(await call(`/.well-known/oauth-protected-resource${path}`)).toMatchObject({
        status: 200,
        body: {
          resource: 'https://api.example.test/v1',
          authorization_servers: [server.issuer],
          bearer_methods_supported: ['header'],
          scopes_supported: ['items:read'],
        },
      });
  });

  test('returns 404 without the option protectedResource', async () => {
    const { call } = await start();
    expect(await call('/.well-known/oauth-protected-resource')).toMatchObject({ status: 404 });
  });
});
