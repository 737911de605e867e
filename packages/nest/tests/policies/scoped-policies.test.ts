import { ApolloDriver } from '@nestjs/apollo';
import { Controller, Get, Inject, Injectable, Logger, Scope } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Policy, type PolicyProvider, type VerifiedAccessToken } from '../../src/index.ts';
import { adapters, startApp } from '../support/start/start-app.ts';

let created: string[] = [];
beforeEach(() => {
  created = [];
});
afterEach(() => void vi.restoreAllMocks());

/** The tenant of a request, from its header. */
@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: unknown;

  constructor(@Inject(REQUEST) request: { headers?: Record<string, unknown>; req?: typeof request }) {
    created.push('tenant');
    this.name = (request.headers ?? request.req?.headers)?.['x-tenant'];
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Prefix {
  readonly value = 'user of ';
}

/** Has a request-scoped dependency, and no scope of its own. */
@Injectable()
class TenantPolicy implements PolicyProvider {
  constructor(
    @Inject(Tenant) private readonly tenant: Tenant,
    @Inject(Prefix) private readonly prefix: Prefix,
  ) {}

  allows({ sub }: VerifiedAccessToken) {
    return sub === `${this.prefix.value}${this.tenant.name}`;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientPolicy implements PolicyProvider {
  allows() {
    created.push('transient');
    return true;
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

class MissingPolicy implements PolicyProvider {
  allows() {
    return true;
  }
}

const providers = [Tenant, Prefix, TenantPolicy, TransientPolicy, DurablePolicy];

@Policy(TenantPolicy)
@Controller('static')
class StaticController {
  @Policy(TransientPolicy)
  @Get()
  read() {
    return {};
  }

  @Policy(DurablePolicy)
  @Get('durable')
  readDurable() {
    return {};
  }

  @Policy(MissingPolicy)
  @Get('missing')
  readMissing() {
    return {};
  }
}

@Policy(TenantPolicy)
@Controller('scoped')
class ScopedController {
  constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

  @Get()
  read() {
    return { tenant: this.tenant.name };
  }
}

@Resolver()
class ItemsResolver {
  @Policy(TenantPolicy)
  @Query(() => String)
  me() {
    return 'allowed';
  }
}

@WebSocketGateway()
class ItemsGateway {
  @Policy(TransientPolicy)
  @SubscribeMessage('me')
  me() {
    return { event: 'me', data: 'allowed' };
  }
}

const withTenant = (tenant: string): RequestInit => ({ headers: { 'x-tenant': tenant } });

describe.each(adapters)('scoped policies on %s', (adapter) => {
  test('resolves a policy with a request-scoped and a transient dependency for its request', async () => {
    const { call, mint } = await startApp(
      { controllers: [StaticController, ScopedController], providers },
      { adapter },
    );
    const token = await mint({ sub: 'user of acme' });
    for (const path of ['/static', '/scoped']) {
      expect(await call(path, token, withTenant('acme'))).toMatchObject({ status: 200 });
      expect(await call(path, token, withTenant('other'))).toMatchObject({ status: 403 });
    }
  });

  test('shares the providers of a request between its policies and a request-scoped controller', async () => {
    const { call, mint } = await startApp({ controllers: [ScopedController], providers }, { adapter });
    const token = await mint({ sub: 'user of acme' });
    expect(await call('/scoped', token, withTenant('acme'))).toMatchObject({ body: { tenant: 'acme' } });
    expect(created).toEqual(['tenant']);
  });

  test('separates concurrent requests', async () => {
    const { call, mint } = await startApp({ controllers: [StaticController], providers }, { adapter });
    const tokens = await Promise.all(['a', 'b'].map((name) => mint({ sub: `user of ${name}` })));
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const { status } = await call('/static', tokens[i % 2], withTenant(i % 4 < 2 ? 'a' : 'b'));
        return status;
      }),
    );
    expect(statuses).toEqual(Array.from({ length: 40 }, (_, i) => ([0, 3].includes(i % 4) ? 200 : 403)));
  });

  test('names a policy that no module provides', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { call, mint } = await startApp({ controllers: [StaticController], providers }, { adapter });
    const token = await mint({ sub: 'user of acme' });
    expect(await call('/static/missing', token, withTenant('acme'))).toMatchObject({ status: 500 });
    expect(log.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringMatching(/^StaticController\.readMissing: .*@Policy\(MissingPolicy\) is not a provider/),
    ]);
  });
});

describe('a durable policy', () => {
  const contexts = new Map<string, ContextId>();
  const strategy: ContextIdStrategy = {
    attach(contextId, request: { headers?: Record<string, string> }) {
      const tenantId = request.headers?.['x-tenant'] ?? 'none';
      const parent = contexts.get(tenantId) ?? ContextIdFactory.create();
      contexts.set(tenantId, parent);
      return {
        resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? parent : contextId),
        payload: { tenantId },
      };
    },
  };
  afterEach(() => {
    ContextIdFactory.apply(undefined as never);
    contexts.clear();
  });

  test.each(adapters)('is created once for each tenant on %s', async (adapter) => {
    ContextIdFactory.apply(strategy);
    const { call, mint } = await startApp({ controllers: [StaticController], providers }, { adapter });
    const token = await mint({ sub: 'user of acme' });
    for (let i = 0; i < 3; i++)
      expect(await call('/static/durable', token, withTenant('acme'))).toMatchObject({ status: 200 });
    expect(created.filter((name) => name === 'durable')).toHaveLength(1);
    expect(await call('/static/durable', token, withTenant('other'))).toMatchObject({ status: 403 });
  });
});

test.each([
  ['Apollo', 'express', ApolloDriver],
  ['Mercurius', 'fastify', MercuriusDriver],
] as const)('resolves a scoped policy for an operation of %s', async (_, adapter, driver) => {
  const { call, mint } = await startApp(
    {
      imports: [GraphQLModule.forRoot({ driver, autoSchemaFile: true } as never)],
      providers: [...providers, ItemsResolver],
    },
    { adapter },
  );
  const token = await mint({ sub: 'user of acme' });
  const ask = async (tenant: string) => {
    const { body } = await call('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-tenant': tenant },
      body: JSON.stringify({ query: '{ me }' }),
    });
    return body;
  };
  expect(await ask('acme')).toMatchObject({ data: { me: 'allowed' } });
  expect(await ask('other')).toMatchObject({ errors: [{ message: 'Access is denied' }] });
});

test('resolves a transient policy for each message of a gateway', async () => {
  const { url, mint } = await startApp(
    { providers: [...providers, ItemsGateway] },
    { before: (app) => void app.useWebSocketAdapter(new IoAdapter(app)) },
  );
  const socket = io(url, { auth: { token: await mint() }, transports: ['websocket'], forceNew: true });
  try {
    for (let i = 0; i < 2; i++) {
      const reply = new Promise((resolve) => {
        socket.once('me', resolve);
        socket.once('exception', resolve);
      });
      socket.emit('me');
      expect(await reply).toBe('allowed');
    }
    // Some versions of Nest run the guard of a gateway twice, and each run has its own policy.
    expect(created.length).toBeGreaterThanOrEqual(2);
  } finally {
    socket.disconnect();
  }
});
