import { Controller } from '@nestjs/common';
import { ClientProxyFactory, EventPattern, MessagePattern } from '@nestjs/microservices';
import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Principal, Public, RequireScopes } from '../../src/index.ts';
import { brokers } from '../support/brokers/brokers.ts';
import { anyAuthorization, anyCredentials, fuzz } from '../support/fuzz.ts';
import { startApp } from '../support/start/start-app.ts';
import type { Program } from '../support/start/start-program.ts';

const events: string[] = [];

@Controller()
class ItemsController {
  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:write')
  @MessagePattern('write')
  write(@Principal('sub') sub: string) {
    return sub;
  }

  @Public()
  @MessagePattern('open')
  open() {
    return 'open';
  }

  @EventPattern('happened')
  happened(@Principal('sub') sub: string) {
    events.push(sub);
  }
}

describe.each(brokers)(
  'A10: messages over $title',
  ({ start: startBroker, options, prepare, message, settle }) => {
    let broker: Program;
    const closing: (() => unknown)[] = [];

    beforeAll(async () => {
      broker = await startBroker();
    }, 60_000);
    afterEach(async () => {
      for (const close of closing.splice(0)) await close();
    });
    afterAll(() => broker?.stop());

    async function start(inheritAppConfig: boolean) {
      const testApp = await startApp(
        { controllers: [ItemsController] },
        {
          before: async (app) => {
            app.connectMicroservice(options(broker.port), { inheritAppConfig });
            await app.startAllMicroservices();
          },
        },
      );
      const client = ClientProxyFactory.create(options(broker.port));
      closing.push(
        () => client.close(),
        () => settle?.(testApp.app),
      );
      prepare?.(client);
      let credential: string | undefined;
      if (!message)
        client.setOnDispatchHook((packet) => {
          if (credential !== undefined) packet.metadata = { authorization: credential };
        });
      const createMessage = (authorization: string | undefined, data: unknown) => {
        credential = authorization;
        return message ? message(authorization, data) : data;
      };
      await client.connect();
      const send = async (pattern: string, token?: string) =>
        sendAuthorization(pattern, token && `Bearer ${token}`);
      const sendAuthorization = async (
        pattern: string,
        authorization: string | undefined,
        data: unknown = {},
      ) => {
        try {
          return await firstValueFrom(client.send<unknown>(pattern, createMessage(authorization, data)));
        } catch (error) {
          return error;
        }
      };
      const emit = (token?: string) =>
        firstValueFrom(client.emit('happened', createMessage(token && `Bearer ${token}`, {})), {
          defaultValue: undefined,
        });
      return { ...testApp, send, sendAuthorization, emit };
    }

    test.each([true, false])(
      'rejects missing, invalid and insufficient tokens, and accepts valid ones; configuration inherited: %s',
      { timeout: 30_000 },
      async (inherit) => {
        const { send, mint } = await start(inherit);
        expect(await send('open')).toBe('open');
        expect(await send('me')).toMatchObject({ statusCode: 401, code: 'token_missing' });
        const bad = [await mint({}, { foreignKey: true }), await mint({ exp: 1 }), 'abc'];
        for (const token of bad)
          expect(await send('me', token)).toMatchObject({ statusCode: 401, code: 'invalid_token' });
        expect(await send('me', '%')).toMatchObject({ statusCode: 400 });
        const reader = await mint({ scope: 'items:read' });
        expect(await send('me', reader)).toBe('alice');
        expect(await send('write', reader)).toMatchObject({ statusCode: 403, code: 'insufficient_scope' });
        expect(await send('write', await mint({ scope: 'items:write' }))).toBe('alice');
      },
    );

    test('A9: rejects any message without a valid token', { timeout: 60_000 }, async () => {
      const { send, sendAuthorization, mint } = await start(false);
      const good = await mint();
      const input = fc.record({
        // Brokers close connections that send control characters, and Nest clients do not send `null`.
        authorization: anyAuthorization(good).filter((text) => !/[\x80-\x9f]/.test(text)),
        data: anyCredentials(good).filter((value) => value !== null),
      });
      await fuzz(
        input,
        async ({ authorization, data }) => {
          const { statusCode } = (await sendAuthorization('me', authorization, data)) as {
            statusCode?: number;
          };
          expect([400, 401]).toContain(statusCode);
        },
        100,
      );
      expect(await send('me', good)).toBe('alice');
    });

    test('does not pass an event without a valid token to a handler', { timeout: 30_000 }, async () => {
      const { emit, mint } = await start(false);
      events.length = 0;
      await emit();
      await emit('abc');
      await emit(await mint({ sub: 'bob' }));
      await expect.poll(() => events, { timeout: 20_000 }).toEqual(['bob']);
    });
  },
);
