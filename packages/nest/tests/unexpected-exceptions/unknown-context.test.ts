import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { expect, test } from 'vitest';
import { AccessTokenGuard, OptionalAuth, Public } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';

class Handlers {
  protected() {}

  @OptionalAuth()
  optional() {}

  @Public()
  public() {}
}

test('A10: rejects calls in an unknown context', async () => {
  const { app, mint } = await startApp({});
  const guard = app.get(AccessTokenGuard);
  const request = { headers: { authorization: `Bearer ${await mint()}` } };
  const createContext = (type: string, handler: () => void, args: unknown[] = [request, {}]) => {
    const context = new ExecutionContextHost(args, Handlers, handler);
    context.setType(type);
    return context;
  };
  for (const type of ['cron', 'necord', 'HTTP', 'toString']) {
    for (const handler of [Handlers.prototype.protected, Handlers.prototype.optional])
      expect(await guard.canActivate(createContext(type, handler))).toBe(false);
    expect(await guard.canActivate(createContext(type, Handlers.prototype.public))).toBe(true);
  }
  // Known contexts without the object that contains the credential.
  for (const [type, args] of [
    ['graphql', [{}, {}, undefined, {}]],
    ['graphql', [{}, {}, {}, {}]],
    ['graphql', [{}, {}, { req: {} }, {}]],
    ['ws', [undefined]],
    ['rpc', ['text', undefined]],
  ] as const)
    expect(await guard.canActivate(createContext(type, Handlers.prototype.protected, [...args]))).toBe(false);
});
