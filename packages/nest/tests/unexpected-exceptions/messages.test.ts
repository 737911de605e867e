import { Controller } from '@nestjs/common';
import { ClientProxyFactory, EventPattern, MessagePattern, Transport } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Policy, Principal, RequireScopes } from '../../src/index.ts';
import { type Broker, brokers } from '../support/brokers/brokers.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  faultyPolicy,
  watchLogs,
} from '../support/fault-points.ts';
import type { StartOptions } from '../support/start/start-app.ts';
import { startMicroservice } from '../support/start/start-microservice.ts';
import type { Program } from '../support/start/start-program.ts';

/** The users of the events that were handled. */
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

  @Policy(faultyPolicy)
  @MessagePattern('policy')
  policy(@Principal('sub') sub: string) {
    return sub;
  }

  @RequireScopes('items:write')
  @Policy(faultyPolicy)
  @EventPattern('happened')
  happened(@Principal('sub') sub: string) {
    events.push(sub);
  }
}

const { lines, listen } = watchLogs();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const messageFaultPoints = faultPoints.filter(({ requestsOnly }) => !requestsOnly);

const host = '127.0.0.1';

/** TCP has no broker: the client connects to the application. */
const tcp: Broker = {
  title: 'TCP',
  start: async () => ({ port: await findFreePort(), stop: async () => {} }),
  options: (port) => ({ transport: Transport.TCP, options: { host, port } }),
};

describe.each([tcp, ...brokers])('N1: messages over $title', { timeout: 60_000 }, (each) => {
  let broker: Program;
  beforeAll(async () => {
    broker = await each.start();
  }, 60_000);
  afterAll(() => broker?.stop());

  async function start(start: StartOptions) {
    const options = each.options(broker.port);
    const testApp = await startMicroservice(ItemsController, options, { ...start, listen });
    const client = ClientProxyFactory.create(options);
    closing.push(
      () => client.close(),
      () => each.settle?.(testApp.app),
    );
    each.prepare?.(client);
    let authorization: string | undefined;
    if (!each.message)
      client.setOnDispatchHook((packet) => {
        if (authorization !== undefined) packet.metadata = { authorization };
      });
    const ask = async (pattern: string, token?: string) => {
      authorization = token && `Bearer ${token}`;
      try {
        return await firstValueFrom(client.send<unknown>(pattern, each.message?.(authorization, {}) ?? {}));
      } catch (error) {
        return error;
      }
    };
    /** Sends an event, to which nothing responds. */
    const emit = async (token?: string) => {
      authorization = token && `Bearer ${token}`;
      await lastValueFrom(client.emit('happened', each.message?.(authorization, {}) ?? {}), {
        defaultValue: undefined,
      });
    };
    return { ...testApp, ask, emit };
  }

  test.each(messageFaultPoints.filter(({ status, lines: count }) => status !== 200 && count !== 0))(
    '$name: rejects the event, logs one line, and handles the next event',
    async (faultPoint) => {
      events.splice(0);
      const trigger = createExceptionTrigger();
      const { emit, mint } = await start({ module: createFaultyModule(faultPoint, trigger) });
      const token = await mint({ scope: 'items:write' });
      trigger.secret = token;
      trigger.armed = true;
      await emit(faultPoint.anonymous ? undefined : token);
      await vi.waitFor(() => expect(lines).not.toEqual([]), 20_000);
      trigger.armed = false;
      await emit(token);
      await vi.waitFor(() => expect(events).toEqual(['alice']), 20_000);
      // Nest reports the rejection too, because it has no response.
      expect(lines.filter((line) => line.startsWith('ItemsController.happened: '))).toHaveLength(1);
      expect(lines.filter((line) => line.includes(exceptionText)).length).toBeLessThanOrEqual(1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
    },
  );

  test.each(messageFaultPoints)(
    '$name: rejects the message, logs one line, and handles the next message',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { ask, mint, server } = await start({ module: createFaultyModule(faultPoint, trigger) });
      const token = await mint({ scope: 'items:write' });
      trigger.secret = token;
      trigger.armed = true;
      const handler = faultPoint.handler ?? 'me';
      const reply = await ask(handler, faultPoint.anonymous ? undefined : token);
      if (faultPoint.status === 200) expect(reply).toBe('alice');
      else expect(reply).toMatchObject({ statusCode: faultPoint.status });
      expect(JSON.stringify(reply)).not.toContain(exceptionText);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
      trigger.armed = false;
      server.clock.advance(60);
      expect(await ask(handler, token)).toBe('alice');
    },
  );

  test('rejects the message if rpcCredentials() throws', async () => {
    let armed = true;
    const rpcCredentials = () => {
      if (armed) throw new Error(exceptionText);
      return `Bearer ${token}`;
    };
    const { ask, mint } = await start({ auth: { rpcCredentials } });
    const token = await mint();
    const reply = await ask('me');
    expect(reply).toMatchObject({ statusCode: 401, message: 'The access token could not be verified' });
    expect(lines).toHaveLength(1);
    armed = false;
    expect(await ask('me')).toBe('alice');
  });
});
