import { status } from '@grpc/grpc-js';
import { Controller, Inject, Injectable, Scope } from '@nestjs/common';
import { type ContextId, ContextIdFactory, type HostComponentInfo, REQUEST } from '@nestjs/core';
import {
  ClientProxyFactory,
  GrpcMethod,
  GrpcStreamMethod,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { lastValueFrom, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Policy, type PolicyProvider, type VerifiedAccessToken } from '../../src/index.ts';
import { connectWebSocket, StrictGateway } from '../support/gateways/items-gateway.ts';
import { startApp } from '../support/start/start-app.ts';
import { closeAfterTest, createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';

let created: string[] = [];
const contexts = new Map<string, ContextId>();
beforeEach(() => {
  created = [];
});
afterEach(() => {
  ContextIdFactory.apply(undefined as never);
  contexts.clear();
});

/** What Nest injects as `REQUEST` for a message. For a gateway it is the client. */
interface Message {
  readonly data?: { readonly tenant?: string };
  readonly context?: { get?(name: string): unknown };
  readonly protocol?: string;
}

/** The tenant is in the data of TCP, in the metadata of gRPC, and the client of a gateway has one. */
const readTenant = ({ data, context, protocol }: Message): string =>
  data?.tenant ?? String([context?.get?.('tenant')].flat()[0] ?? (protocol === undefined ? 'none' : 'acme'));

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: string;

  constructor(@Inject(REQUEST) request: Message) {
    created.push('tenant');
    this.name = readTenant(request);
  }
}

/** Has a request-scoped dependency. */
@Injectable()
class TenantPolicy implements PolicyProvider {
  constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

  allows({ sub }: VerifiedAccessToken) {
    return sub === `user of ${this.tenant.name}`;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurablePolicy implements PolicyProvider {
  constructor(@Inject(REQUEST) private readonly payload: { readonly tenantId?: string }) {
    created.push('durable');
  }

  allows({ sub }: VerifiedAccessToken) {
    return sub === `user of ${this.payload.tenantId}`;
  }
}

const providers = [Tenant, TenantPolicy, DurablePolicy];

interface Text {
  readonly text: string;
}

@Controller()
class ItemsController {
  @Policy(TenantPolicy)
  @MessagePattern('scoped')
  scoped() {
    return 'allowed';
  }

  @Policy(DurablePolicy)
  @MessagePattern('durable')
  durable() {
    return 'allowed';
  }

  @Policy(TenantPolicy)
  @GrpcMethod('Items', 'Me')
  me(): Text {
    return { text: 'allowed' };
  }

  @Policy(DurablePolicy)
  @GrpcMethod('Items', 'Write')
  write(): Text {
    return { text: 'allowed' };
  }

  @Policy(TenantPolicy)
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }
}

function useTenants(): void {
  ContextIdFactory.apply({
    attach(contextId, request: Message) {
      const tenantId = readTenant(request);
      const parent = contexts.get(tenantId) ?? ContextIdFactory.create();
      contexts.set(tenantId, parent);
      return {
        resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? parent : contextId),
        payload: { tenantId },
      };
    },
  });
}

describe('over TCP', () => {
  async function start() {
    const options = { host: '127.0.0.1', port: await findFreePort() };
    const { mint } = await startApp(
      { controllers: [ItemsController], providers },
      {
        auth: { rpcCredentials: (data) => (data as { authorization: string }).authorization },
        before: async (app) => {
          app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
          await app.startAllMicroservices();
        },
      },
    );
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    closeAfterTest(() => client.close());
    const authorization = `Bearer ${await mint({ sub: 'user of acme' })}`;
    return (pattern: string, tenant: string) =>
      lastValueFrom(client.send<unknown>(pattern, { authorization, tenant })).catch(
        (error: unknown) => error,
      );
  }

  test('resolves a scoped policy for each message', async () => {
    const send = await start();
    const tenants = ['acme', 'other', 'acme', 'other'];
    const results = await Promise.all(tenants.map((tenant) => send('scoped', tenant)));
    const denied = { statusCode: 403, code: 'access_denied' };
    expect(results).toMatchObject(['allowed', denied, 'allowed', denied]);
    expect(created).toEqual(['tenant', 'tenant', 'tenant', 'tenant']);
  });

  test('creates a durable policy once for each tenant', async () => {
    useTenants();
    const send = await start();
    for (let i = 0; i < 3; i++) expect(await send('durable', 'acme')).toBe('allowed');
    expect(created).toEqual(['durable']);
    expect(await send('durable', 'other')).toMatchObject({ statusCode: 403 });
    expect(created).toEqual(['durable', 'durable']);
  });
});

describe('over gRPC', () => {
  async function start() {
    type Method = (...args: unknown[]) => NodeJS.ReadWriteStream & { cancel(): void };
    const { client, mint } = await startGrpc<Record<'Me' | 'Write' | 'Echo', Method>>(
      { controllers: [ItemsController], providers },
      {},
    );
    const token = await mint({ sub: 'user of acme' });
    return (method: 'Me' | 'Write' | 'Echo', tenant: string) =>
      new Promise<unknown>((resolve) => {
        const metadata = createGrpcMetadata(token, { tenant });
        const settle = (error: { code?: number } | null, reply?: Text) => resolve(error?.code ?? reply?.text);
        if (method !== 'Echo') {
          client[method]({}, metadata, settle);
          return;
        }
        const stream = client.Echo(metadata);
        closeAfterTest(() => stream.cancel());
        stream.on('error', (error) => settle(error as { code?: number }));
        stream.on('data', (reply: unknown) => settle(null, reply as Text));
        stream.write({ text: 'allowed' } as never);
      });
  }

  test.each(['Me', 'Echo'] as const)('resolves a scoped policy for each call of %s', async (method) => {
    const call = await start();
    expect(await call(method, 'acme')).toBe('allowed');
    expect(await call(method, 'other')).toBe(status.PERMISSION_DENIED);
    expect(created).toEqual(['tenant', 'tenant']);
  });

  test('creates a durable policy once for each tenant', async () => {
    useTenants();
    const call = await start();
    for (let i = 0; i < 3; i++) expect(await call('Write', 'acme')).toBe('allowed');
    expect(created).toEqual(['durable']);
    expect(await call('Write', 'other')).toBe(status.PERMISSION_DENIED);
  });
});

describe('over a plain WebSocket', () => {
  @WebSocketGateway()
  class ItemsGateway extends StrictGateway {
    @Policy(TenantPolicy)
    @SubscribeMessage('scoped')
    scoped() {
      return { event: 'scoped', data: 'allowed' };
    }

    @Policy(DurablePolicy)
    @SubscribeMessage('durable')
    durable() {
      return { event: 'durable', data: 'allowed' };
    }
  }

  async function start() {
    const { url, mint } = await startApp(
      { providers: [...providers, ItemsGateway] },
      { before: (app) => void app.useWebSocketAdapter(new WsAdapter(app)) },
    );
    return async (event: string, sub: string) => {
      const { ask, close } = connectWebSocket(url, await mint({ sub }));
      const replies = [await ask(event), await ask(event)];
      close();
      return replies;
    };
  }

  const allow = (event: string) => [
    { event, data: 'allowed' },
    { event, data: 'allowed' },
  ];
  const denied = { event: 'exception', data: { statusCode: 403, code: 'access_denied' } };

  test('resolves a scoped policy for each message', async () => {
    const ask = await start();
    expect(await ask('scoped', 'user of acme')).toEqual(allow('scoped'));
    // Some versions of Nest run the guard of a gateway twice.
    expect(created.length).toBeGreaterThanOrEqual(2);
    expect(await ask('scoped', 'user of other')).toMatchObject([denied, denied]);
  });

  test('creates a durable policy once for each tenant', async () => {
    useTenants();
    const ask = await start();
    expect(await ask('durable', 'user of acme')).toEqual(allow('durable'));
    expect(created).toEqual(['durable']);
    expect(await ask('durable', 'user of other')).toMatchObject([denied, denied]);
  });
});
