import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  Policy,
  type PolicyProvider,
  type VerifiedAccessToken,
} from '@countersign/nest';
import { ApolloDriver } from '@nestjs/apollo';
import { Controller, Get, Inject, Injectable, Scope } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import { GrpcMethod, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { grpcOptions } from '../contexts/create-application.js';
import { findFreePort } from '../programs.js';
import {
  adapterNames,
  listReportLines,
  startApplication,
  type TestApplication,
} from '../start-application.js';
import { createGrpcCall, createMessageCall, createQueryCall, type Send } from './context-calls.js';

@Injectable({ scope: Scope.TRANSIENT })
class Prefix {
  readonly value = 'user ';
}

/** Exists once for each call. */
@Injectable({ scope: Scope.REQUEST })
class CallPolicy implements PolicyProvider {
  constructor(
    @Inject(REQUEST) private readonly request: object,
    @Inject(Prefix) private readonly prefix: Prefix,
  ) {}

  allows({ sub }: VerifiedAccessToken): boolean {
    return this.request !== undefined && sub === `${this.prefix.value}alice`;
  }
}

let createdCount = 0;

@Injectable({ scope: Scope.TRANSIENT })
class TransientPolicy implements PolicyProvider {
  constructor() {
    createdCount += 1;
  }

  allows(): boolean {
    return true;
  }
}

/** Exists once for each tenant. */
@Injectable({ scope: Scope.REQUEST, durable: true })
class TenantPolicy implements PolicyProvider {
  constructor(@Inject(REQUEST) private readonly payload: { readonly tenant?: string }) {
    createdCount += 1;
  }

  allows({ sub }: VerifiedAccessToken): boolean {
    return sub === `user ${this.payload.tenant}`;
  }
}

/** A policy whose service is unavailable. */
const findPlan = (): never => {
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
};

abstract class Handlers {
  constructor(@Inject(ACCESS_TOKEN_VERIFIER) private readonly verifier: AccessTokenVerifier) {}

  protected deny(): never {
    throw this.verifier.createAccessDeniedError('Not on Sundays');
  }
}

@Controller('items')
class ItemsController extends Handlers {
  @Policy(TransientPolicy)
  @Get('transient')
  transient() {
    return {};
  }

  @Policy(TenantPolicy)
  @Get('durable')
  durable() {
    return {};
  }

  @Policy(CallPolicy)
  @GrpcMethod('Items', 'List')
  scoped() {
    return { text: 'ok' };
  }

  @GrpcMethod('Items', 'Add')
  denied() {
    this.deny();
  }

  @Policy(findPlan)
  @GrpcMethod('Items', 'Open')
  unavailable() {
    return { text: 'ok' };
  }
}

@Resolver()
class ItemsResolver extends Handlers {
  @Policy(CallPolicy)
  @Query(() => String)
  scoped() {
    return 'ok';
  }

  @Query(() => String)
  denied() {
    this.deny();
  }

  @Policy(findPlan)
  @Query(() => String)
  unavailable() {
    return 'ok';
  }
}

function createGateway(port: number) {
  @WebSocketGateway(port)
  class ItemsGateway extends Handlers {
    @Policy(CallPolicy)
    @SubscribeMessage('scoped')
    scoped() {
      return { event: 'result', data: 'ok' };
    }

    @SubscribeMessage('denied')
    denied() {
      this.deny();
    }

    @Policy(findPlan)
    @SubscribeMessage('unavailable')
    unavailable() {
      return { event: 'result', data: 'ok' };
    }
  }
  return ItemsGateway;
}

const rows = [
  'http GET /items/durable ItemsController.durable protected, policies TenantPolicy',
  'http GET /items/transient ItemsController.transient protected, policies TransientPolicy',
  'graphql Query.denied ItemsResolver.denied protected',
  'graphql Query.scoped ItemsResolver.scoped protected, policies CallPolicy',
  'graphql Query.unavailable ItemsResolver.unavailable protected, policies findPlan',
  'websocket denied ItemsGateway.denied protected',
  'websocket scoped ItemsGateway.scoped protected, policies CallPolicy',
  'websocket unavailable ItemsGateway.unavailable protected, policies findPlan',
  'microservice gRPC Items/Add ItemsController.denied protected',
  'microservice gRPC Items/List ItemsController.scoped protected, policies CallPolicy',
  'microservice gRPC Items/Open ItemsController.unavailable protected, policies findPlan',
];

const tenants = new Map<string, ContextId>();
const strategy: ContextIdStrategy = {
  attach(contextId, request: { headers?: Record<string, string> }) {
    const tenant = request.headers?.['x-tenant'] ?? 'none';
    const parent = tenants.get(tenant) ?? ContextIdFactory.create();
    tenants.set(tenant, parent);
    return {
      resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? parent : contextId),
      payload: { tenant },
    };
  },
};

/** Tests policies, denials and outages in the contexts beside HTTP, and policies of each scope. */
export function testContexts(): void {
  for (const adapter of adapterNames) {
    describe(`policies, denials and outages of each context on ${adapter}`, () => {
      let application: TestApplication;
      let calls: Readonly<Record<string, Send>>;

      before(async () => {
        ContextIdFactory.apply(strategy);
        const [webSockets, grpc] = [await findFreePort(), await findFreePort()];
        application = await startApplication(
          {
            imports: [
              GraphQLModule.forRoot({
                driver: adapter === 'Express' ? ApolloDriver : MercuriusDriver,
                autoSchemaFile: true,
              } as never),
            ],
            controllers: [ItemsController],
            providers: [
              ...[Prefix, CallPolicy, TransientPolicy, TenantPolicy],
              ItemsResolver,
              createGateway(webSockets),
            ],
          },
          {
            adapter,
            before: async (app) => {
              app.connectMicroservice<MicroserviceOptions>({
                transport: Transport.GRPC,
                options: grpcOptions(grpc),
              });
              await app.startAllMicroservices();
            },
          },
        );
        calls = {
          GraphQL: createQueryCall(application),
          gRPC: createGrpcCall(grpc),
          'socket.io': createMessageCall(webSockets),
        };
      });
      after(async () => {
        ContextIdFactory.apply(undefined as never);
        tenants.clear();
        await application?.close();
      });

      test('the access report names every handler and its policy', () => {
        assert.deepEqual(listReportLines(application.app).toSorted(), rows.toSorted());
      });

      for (const kind of ['GraphQL', 'gRPC', 'socket.io'])
        test(`${kind}: a request-scoped policy decides, a denial is a denial, an outage is an outage`, async () => {
          const send = calls[kind]!;
          const alice = await application.mint({ sub: 'user alice' });
          const bob = await application.mint({ sub: 'user bob' });
          const code = (value: number) => (kind === 'gRPC' ? `${value} ` : '');
          assert.equal(await send('scoped', alice), 'ok');
          assert.equal(await send('scoped', bob), `${code(7)}Access is denied`);
          assert.equal(await send('denied', alice), `${code(7)}Not on Sundays`);
          const outage = `${code(14)}Access tokens cannot be verified at the moment`;
          assert.equal(await send('unavailable', alice), outage);
        });

      test('a transient policy exists for each request, and a durable one for each tenant', async () => {
        const { getStatus, mint } = application;
        const token = await mint({ sub: 'user acme' });
        createdCount = 0;
        for (let i = 0; i < 3; i++) assert.equal(await getStatus('/items/transient', token), 200);
        assert.equal(createdCount, 3);
        createdCount = 0;
        const withTenant = (tenant: string) => ({ headers: { 'x-tenant': tenant } });
        for (let i = 0; i < 3; i++)
          assert.equal(await getStatus('/items/durable', token, withTenant('acme')), 200);
        assert.equal(createdCount, 1);
        assert.equal(await getStatus('/items/durable', token, withTenant('other')), 403);
      });
    });
  }
}
