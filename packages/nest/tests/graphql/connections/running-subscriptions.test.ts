import { ApolloDriver } from '@nestjs/apollo';
import { Inject, UseGuards } from '@nestjs/common';
import {
  Args,
  Context,
  Field,
  GraphQLModule,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { AccessTokenGuard, ConnectionAuthenticator, Policy, RequireScopes } from '../../../src/index.ts';
import { type Adapter, startApp } from '../../support/start/start-app.ts';

const nextEntry = () => new Promise<void>((resolve) => void setImmediate(resolve));

@UseGuards(AccessTokenGuard)
@Resolver()
class AuditResolver {
  running = 0;

  constructor(@Inject(ConnectionAuthenticator) private readonly connections: ConnectionAuthenticator) {}

  @Query(() => String)
  me() {
    return 'me';
  }

  @RequireScopes('audit:read')
  @Subscription(() => String)
  async *audit() {
    this.running++;
    try {
      for (let count = 1; ; count++) {
        yield { audit: `entry ${count}` };
        await nextEntry();
      }
    } finally {
      this.running--;
    }
  }

  @RequireScopes('audit:read')
  @Subscription(() => String)
  async *finite() {
    yield { finite: 'the only entry' };
  }

  @RequireScopes('audit:read')
  @Subscription(() => String)
  failing(): AsyncIterable<unknown> {
    throw new Error('the source is not available');
  }

  @RequireScopes('audit:read')
  @Subscription(() => String)
  async *broken() {
    yield { broken: 'entry' };
    throw new Error('the source has failed');
  }

  @Mutation(() => String)
  async renew(@Context() context: object, @Args('token', { type: () => String }) token: string) {
    return (await this.connections.renew(context, token)).accessToken.sub;
  }
}

@ObjectType()
class Item {
  @Field(() => Int)
  id!: number;
}

/** Has a field with requirements, below a subscription without any. */
@Resolver(() => Item)
class ItemsResolver {
  evaluations = 0;

  @Subscription(() => [Item])
  async *items() {
    yield { items: Array.from({ length: 1100 }, (_, id) => ({ id })) };
    await new Promise(() => {});
  }

  @Policy(() => true)
  @RequireScopes('audit:read')
  @ResolveField(() => String, { nullable: true })
  secret(@Parent() { id }: Item) {
    this.evaluations++;
    return `secret ${id}`;
  }
}

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: { readonly data?: object | null; readonly errors?: readonly { message: string }[] };
}

const subscriptions = { 'graphql-ws': true };
const servers: readonly { readonly name: string; readonly adapter: Adapter; readonly module: object }[] = [
  { name: 'Apollo on Express', adapter: 'express', module: { driver: ApolloDriver, subscriptions } },
  {
    name: 'Mercurius on Fastify',
    adapter: 'fastify',
    module: { driver: MercuriusDriver, subscription: { fullWsTransport: true } },
  },
];

describe.each(servers)('N28: running subscriptions of $name', ({ name, adapter, module }) => {
  async function connect({ globalGuard = true } = {}) {
    const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, playground: false, ...module } as never);
    const testApp = await startApp(
      { imports: [graphql], providers: [AuditResolver, ...(globalGuard ? [ItemsResolver] : [])] },
      { adapter, auth: { globalGuard } as never },
    );
    const headers = { authorization: `Bearer ${await testApp.mint({ scope: 'audit:read' })}` };
    const socket = new WebSocket(`${testApp.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers,
    });
    const received: Message[] = [];
    socket.on('message', (text) => received.push(JSON.parse(String(text)) as Message));
    await new Promise((resolve) => socket.once('open', resolve));
    const send = (...messages: object[]) => {
      // In one segment: the server reads all messages before it has started an operation.
      const { _socket: connection } = socket as unknown as { _socket: { cork(): void; uncork(): void } };
      connection.cork();
      for (const each of messages) socket.send(JSON.stringify(each));
      connection.uncork();
    };
    const waitFor = async (isExpected: (message: Message) => unknown) =>
      vi.waitUntil(() => received.find(isExpected), { interval: 1, timeout: 5000 });
    send({ type: 'connection_init' });
    await waitFor(({ type }) => type === 'connection_ack');
    const subscribe = (field: string, id = '1') => ({
      id,
      type: 'subscribe',
      payload: { query: `subscription { ${field} }` },
    });
    let count = 0;
    /** @returns the user, or the message of the rejection */
    const renew = async (scope: string) => {
      const id = `renewal ${++count}`;
      const variables = { token: await testApp.mint({ scope }) };
      const query = 'mutation ($token: String!) { renew(token: $token) }';
      send({ id, type: 'subscribe', payload: { query, variables } });
      const { payload } = await waitFor((each) => each.id === id);
      const [error] = payload?.errors ?? (Array.isArray(payload) ? (payload as { message: string }[]) : []);
      return error?.message ?? payload?.data;
    };
    return {
      send,
      subscribe,
      renew,
      waitFor,
      app: testApp.app,
      close: () => socket.close(),
    };
  }

  const lacksScope = "The access token lacks the scope 'audit:read'";
  const complete = { id: '1', type: 'complete' };
  const hasData = ({ payload }: Message) => payload?.data;

  test('counts a subscription that the client completes before it starts', async () => {
    const { send, subscribe, renew, waitFor, app, close } = await connect();
    // graphql-ws ends such a subscription, unless its identifier is in use again.
    const again = name.startsWith('Apollo') ? [subscribe('audit')] : [];
    send(subscribe('audit'), complete, ...again);
    await waitFor(hasData);
    if (again.length > 0) {
      await vi.waitUntil(() => app.get(AuditResolver).running === 2, { interval: 1 });
      send(complete);
      await vi.waitUntil(() => app.get(AuditResolver).running === 1, { interval: 1 });
    }
    expect(await renew('other')).toBe(lacksScope);
    expect(app.get(AuditResolver).running).toBe(1);
    expect(await renew('audit:read other')).toEqual({ renew: 'alice' });
    close();
  });

  test.each([true, false])(
    'does not count a subscription that has ended, with globalGuard: %s',
    async (globalGuard) => {
      const { send, subscribe, renew, waitFor, close } = await connect({ globalGuard });
      for (const [index, field] of ['finite', 'failing', 'broken'].entries()) {
        const id = String(index);
        send(subscribe(field, id));
        await waitFor((each) => each.id === id && ['complete', 'error'].includes(each.type));
      }
      expect(await renew('other')).toEqual({ renew: 'alice' });
      close();
    },
  );

  test('does not count fields with requirements below a subscription', async () => {
    const { send, subscribe, renew, waitFor, app, close } = await connect();
    send(subscribe('items { secret }'));
    await waitFor(hasData);
    expect(app.get(ItemsResolver).evaluations).toBe(1100);
    expect(await renew('audit:read')).toEqual({ renew: 'alice' });
    expect(await renew('other')).toEqual({ renew: 'alice' });
    close();
  });
});
