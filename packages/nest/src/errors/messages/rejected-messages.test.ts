import { Controller, Inject, NotFoundException } from '@nestjs/common';
import {
  type ClientKafka,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  RmqContext,
  Transport,
} from '@nestjs/microservices';
import { connect } from 'amqplib';
import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { brokers } from '../../../tests/support/brokers/brokers.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  faultyPolicy,
  watchLogs,
} from '../../../tests/support/fault-points.ts';
import type { StartOptions } from '../../../tests/support/start/start-app.ts';
import { startMicroservice } from '../../../tests/support/start/start-microservice.ts';
import type { Program } from '../../../tests/support/start/start-program.ts';
import { ACCESS_TOKEN_VERIFIER, type AccessTokenVerifier, Policy, Principal } from '../../index.ts';

const handledEvents: string[] = [];

const hideFromMallory = ({ sub }: { readonly sub: string }) => {
  if (sub === 'mallory') throw new NotFoundException();
  return true;
};

@Controller()
class ItemsController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @MessagePattern('me')
  me(@Principal('sub') sub: string) {
    return sub;
  }

  /** A message without a reply topic is an event. */
  @MessagePattern('write')
  write(@Principal('sub') sub: string) {
    handledEvents.push(sub);
    return sub;
  }

  @Policy(faultyPolicy)
  @Policy(hideFromMallory)
  @EventPattern('happened')
  happened(@Principal('sub') sub: string) {
    if (sub === 'bob') throw this.#verifier.createAccessDeniedError('Not on Sundays');
    handledEvents.push(sub);
  }
}

const { lines, warnings, listen } = watchLogs();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  handledEvents.length = 0;
});

const createHeaders = (token: string | undefined) => ({ ...(token && { authorization: `Bearer ${token}` }) });

const events = faultPoints.filter(({ requestsOnly, handler }) => !requestsOnly && handler !== 'write');

describe.each(brokers.filter(({ title }) => title === 'Kafka'))('N1: events over $title', (each) => {
  let broker: Program;
  beforeAll(async () => {
    broker = await each.start();
  }, 60_000);
  afterAll(() => broker?.stop());

  async function start(start: StartOptions = {}) {
    const options = each.options(broker.port);
    const testApp = await startMicroservice(ItemsController, options, { ...start, listen });
    const client = ClientProxyFactory.create(options) as unknown as ClientKafka;
    closing.push(() => client.close());
    await client.connect();
    const emit = (topic: string, token?: string, headers: Record<string, string> = {}) =>
      firstValueFrom(client.emit(topic, { headers: { ...headers, ...createHeaders(token) }, value: {} }));
    return { ...testApp, emit };
  }

  test.each(events)(
    '$name: consumes the event, logs one line, and handles the next event',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { emit, mint, server } = await start({ module: createFaultyModule(faultPoint, trigger) });
      const token = await mint();
      trigger.secret = token;
      trigger.armed = true;
      await emit('happened', faultPoint.anonymous ? undefined : token);
      const lineCount = faultPoint.lines ?? 1;
      if (faultPoint.status === 503) {
        // The Kafka client logs the failure and delivers the event again.
        await expect.poll(() => lines, { timeout: 20_000 }).not.toEqual([]);
      } else if (faultPoint.status === 200) {
        await expect.poll(() => handledEvents, { timeout: 20_000 }).toEqual(['alice']);
      } else await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(lineCount);
      // Without a log line the test cannot wait. Events with a token do not reach this trigger.
      if (lineCount > 0 || faultPoint.status === 503) trigger.armed = false;
      server.clock.advance(60);
      await emit('happened', await mint({ sub: 'carol' }));
      await expect.poll(() => handledEvents, { timeout: 20_000 }).toContain('carol');
      expect(handledEvents).toEqual([200, 503].includes(faultPoint.status) ? ['alice', 'carol'] : ['carol']);
      if (faultPoint.status !== 503) expect(lines).toHaveLength(lineCount);
      for (const line of [...lines, ...warnings]) expect(line).not.toContain(token.slice(-20));
    },
    60_000,
  );

  test('consumes events with a missing or invalid token, and events that a policy or the handler rejects', async () => {
    const { emit, mint } = await start();
    // An event with a reply topic is still an event.
    const reply = { kafka_correlationId: '1', kafka_replyTopic: 'me.reply' };
    for (const headers of [{}, reply]) {
      await emit('happened', undefined, headers);
      await emit('happened', '%', headers);
      await emit('happened', await mint({ exp: 1 }), headers);
      await emit('happened', await mint({ sub: 'mallory' }), headers);
      await emit('happened', await mint({ sub: 'bob' }), headers);
    }
    await emit('happened', await mint());
    await expect.poll(() => handledEvents, { timeout: 20_000 }).toEqual(['alice']);
    expect(lines).toEqual([]);
    const statuses = warnings.map((line) => /rejected an event with status (\d+)/.exec(line)?.[1]);
    expect(statuses).toEqual(['401', '400', '401', '404', '403', '401', '400', '401', '404', '403']);
  }, 60_000);

  test('consumes a rejected message without a reply topic', async () => {
    const { emit, mint } = await start();
    await emit('write');
    await emit('write', await mint());
    await expect.poll(() => handledEvents, { timeout: 20_000 }).toEqual(['alice']);
    expect(lines).toEqual([]);
  }, 60_000);
});

describe.each(brokers.filter(({ title }) => title === 'RabbitMQ'))('N1: queues of $title', (each) => {
  let broker: Program;
  beforeAll(async () => {
    broker = await each.start();
  }, 60_000);
  afterAll(() => broker?.stop());

  async function start(noAck: boolean, start: StartOptions) {
    const queue = `queue-${noAck}`;
    const urls = [`amqp://127.0.0.1:${broker.port}`];
    const connection = await connect(urls[0] ?? '');
    closing.push(() => connection.close());
    const channel = await connection.createChannel();
    await channel.deleteQueue(queue);
    const options = {
      transport: Transport.RMQ as const,
      options: { urls, queue, queueOptions: { durable: false } },
    };
    const testApp = await startMicroservice(
      ItemsController,
      // A rejected message that stays unacknowledged would block the queue.
      { ...options, options: { ...options.options, noAck, prefetchCount: 1 } },
      { ...start, listen },
    );
    const client = ClientProxyFactory.create(options);
    closing.push(
      () => each.settle?.(testApp.app),
      () => client.close(),
    );
    const ask = async (pattern: string, token?: string) => {
      const message = each.message?.(token && `Bearer ${token}`, {});
      try {
        return await firstValueFrom(client.send<unknown>(pattern, message));
      } catch (error) {
        return error;
      }
    };
    /** Counts the messages in the queue after the application has closed. Unacknowledged ones are back in it. */
    const countWaiting = async () => {
      await each.settle?.(testApp.app);
      await testApp.app.close();
      return (await channel.checkQueue(queue)).messageCount;
    };
    return { ...testApp, ask, countWaiting };
  }

  const statuses: number[] = [];
  const onRejectedMessage = (context: unknown, { status }: { readonly status: number }) => {
    statuses.push(status);
    if (context instanceof RmqContext) context.getChannelRef().nack(context.getMessage(), false, false);
  };

  test('removes a rejected message with noAck: true, the default', async () => {
    const { ask, mint, countWaiting } = await start(true, {});
    expect(await ask('me')).toMatchObject({ statusCode: 401 });
    expect(await ask('me', await mint({ exp: 1 }))).toMatchObject({ statusCode: 401 });
    expect(await ask('me', await mint())).toBe('alice');
    expect(await countWaiting()).toBe(0);
  }, 60_000);

  test('handles the next message after onRejectedMessage rejects one, with noAck: false', async () => {
    statuses.length = 0;
    const { ask, countWaiting } = await start(false, { auth: { onRejectedMessage } });
    for (let i = 0; i < 3; i++) expect(await ask('me')).toMatchObject({ statusCode: 401 });
    expect(statuses).toEqual([401, 401, 401]);
    expect(await countWaiting()).toBe(0);
    expect(lines).toEqual([]);
  }, 60_000);

  test('rejects the message and logs one line if onRejectedMessage throws', async () => {
    const auth = {
      async onRejectedMessage() {
        throw new Error(exceptionText);
      },
    };
    const { ask, mint } = await start(true, { auth });
    expect(await ask('me')).toMatchObject({ statusCode: 401 });
    expect(lines).toHaveLength(1);
    expect(await ask('me', await mint())).toBe('alice');
  }, 60_000);
});
