import { headers as natsHeaders } from '@nats-io/transport-node';
import { Controller } from '@nestjs/common';
import {
  type ClientOptions,
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  MqttRecordBuilder,
  NatsRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  findProgram,
  mosquitto,
  nats,
  redis,
  type SystemProgram,
} from '../../../scripts/lib/system-packages.ts';
import { Principal, Public, RequireScopes } from './index.ts';
import { anyAuthorization, anyCredentials, fuzz } from './test-support/fuzz.ts';
import { startApp } from './test-support/start-app.ts';
import { startProgram } from './test-support/start-program.ts';

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

interface Broker {
  readonly program: SystemProgram;
  readonly args: (port: number) => readonly string[];
  readonly options: (port: number) => MicroserviceOptions & ClientOptions;
  /** Sends a message with a credential where this transport has a place for it. */
  readonly message: (client: ClientProxy, authorization: string | undefined, data: unknown) => unknown;
}

/** The metadata of Nest's own packets, for transports without headers. */
function inMetadata(client: ClientProxy, authorization: string | undefined, data: unknown): unknown {
  client.setOnDispatchHook((packet) => {
    if (authorization !== undefined) packet.metadata = { authorization };
  });
  return data;
}

const brokers: readonly Broker[] = [
  {
    program: redis,
    args: (port) => ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    options: (port) => ({ transport: Transport.REDIS, options: { host: '127.0.0.1', port } }),
    message: inMetadata,
  },
  {
    program: nats,
    args: (port) => ['--addr', '127.0.0.1', '--port', String(port)],
    options: (port) => ({ transport: Transport.NATS, options: { servers: [`nats://127.0.0.1:${port}`] } }),
    message: (_client, authorization, data) => {
      const headers = natsHeaders();
      if (authorization !== undefined) headers.set('authorization', authorization);
      return new NatsRecordBuilder(data).setHeaders(headers).build();
    },
  },
  {
    program: mosquitto,
    args: (port) => ['-p', String(port)],
    options: (port) => ({
      transport: Transport.MQTT,
      options: { url: `mqtt://127.0.0.1:${port}`, protocolVersion: 5 },
    }),
    message: (_client, authorization, data) =>
      new MqttRecordBuilder(data)
        .setProperties(authorization === undefined ? {} : { userProperties: { authorization } })
        .build(),
  },
];

// Redis is needed; NATS and Mosquitto are used where they can be had.
const there = brokers.filter(({ program }) => !program.optional || findProgram(program) !== undefined);

describe.each(there)('A10: messages over $program.title', ({ program, args, options, message }) => {
  let broker: Awaited<ReturnType<typeof startProgram>>;
  const clients: ClientProxy[] = [];

  beforeAll(async () => {
    broker = await startProgram(findProgram(program) ?? program.commands[0] ?? '', args);
  }, 60_000);
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });
  afterAll(() => broker?.stop());

  async function start(inheritAppConfig: boolean) {
    const started = await startApp(
      { controllers: [ItemsController] },
      {
        before: async (app) => {
          app.connectMicroservice(options(broker.port), { inheritAppConfig });
          await app.startAllMicroservices();
        },
      },
    );
    const client = ClientProxyFactory.create(options(broker.port));
    clients.push(client);
    await client.connect();
    const send = async (pattern: string, token?: string) => say(pattern, token && `Bearer ${token}`);
    const say = async (pattern: string, authorization: string | undefined, data: unknown = {}) => {
      try {
        return await firstValueFrom(client.send<unknown>(pattern, message(client, authorization, data)));
      } catch (error) {
        return error;
      }
    };
    const emit = (token?: string) =>
      firstValueFrom(client.emit('happened', message(client, token && `Bearer ${token}`, {})), {
        defaultValue: undefined,
      });
    return { ...started, send, say, emit };
  }

  test.each([true, false])(
    'no token, a bad one, one that lacks the scope, a good one; configuration inherited: %s',
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

  test('A9: whatever a message says', { timeout: 60_000 }, async () => {
    const { send, say, mint } = await start(false);
    const good = await mint();
    const input = fc.record({
      // Brokers cut connections that send control characters, and clients of Nest do not send `null`.
      authorization: anyAuthorization(good).filter((text) => !/[\x80-\x9f]/.test(text)),
      data: anyCredentials(good).filter((value) => value !== null),
    });
    await fuzz(
      input,
      async ({ authorization, data }) => {
        const { statusCode } = (await say('me', authorization, data)) as { statusCode?: number };
        expect([400, 401]).toContain(statusCode);
      },
      100,
    );
    expect(await send('me', good)).toBe('alice');
  });

  test('an event without a good token reaches no handler', { timeout: 30_000 }, async () => {
    const { emit, mint } = await start(false);
    events.length = 0;
    await emit();
    await emit('abc');
    await emit(await mint({ sub: 'bob' }));
    await expect.poll(() => events, { timeout: 20_000 }).toEqual(['bob']);
  });
});
