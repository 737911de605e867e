import { fileURLToPath } from 'node:url';
import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, GoneException, Inject, type Type, UseGuards } from '@nestjs/common';
import {
  ClientProxyFactory,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { lastValueFrom, type Observable } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/ports.ts';
import { AccessTokenGuard, EntityAccess, Principal, type VerifiedAccessToken } from '../../src/index.ts';
import { startApp } from '../support/start-app.ts';

/** A policy class that is not a provider. */
class MissingPolicy {
  allowsEntity() {
    return true;
  }
}

const policies: Record<string, unknown> = {
  allow: () => true,
  deny: () => false,
  outage() {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  },
  boom: async () => {
    throw new Error('boom');
  },
  gone() {
    throw new GoneException('deleted');
  },
  text() {
    throw 'boom';
  },
  missing: MissingPolicy,
  invalid: 'not a policy',
};

interface Text {
  readonly text: string;
}

@Controller()
class ItemsController {
  readonly #access: EntityAccess;

  constructor(@Inject(EntityAccess) access: EntityAccess) {
    this.#access = access;
  }

  @GrpcMethod('Items', 'Me')
  async me({ text }: Text): Promise<Text> {
    await this.#require(text);
    return { text };
  }

  @GrpcStreamMethod('Items', 'Echo')
  async echo(messages: Observable<Text>, metadata: Metadata): Promise<Observable<Text>> {
    await this.#require(String(metadata.get('policy')[0]));
    return messages;
  }

  @GrpcStreamCall('Items', 'Raw')
  async raw(call: ClientDuplexStream<Text, Text> & { metadata: Metadata }): Promise<void> {
    await this.#require(String(call.metadata.get('policy')[0]));
    call.on('data', (message) => call.write(message));
  }

  @GrpcStreamCall('Items', 'Last')
  async last(call: { metadata: Metadata }, done: (error: null, reply: Text) => void): Promise<void> {
    const name = String(call.metadata.get('policy')[0]);
    await this.#require(name);
    done(null, { text: name });
  }

  @MessagePattern('entity', Transport.TCP)
  async entity(
    @Payload() { policy }: { policy: string },
    @Principal() principal: VerifiedAccessToken,
  ): Promise<string> {
    await this.#access.require(policies[policy] as never, { principal, entity: {} });
    return 'allowed';
  }

  #require(name: string): Promise<void> {
    const principal = { sub: 'alice' } as VerifiedAccessToken;
    return this.#access.require(policies[name] as never, { principal, entity: {} });
  }
}

@UseGuards(AccessTokenGuard)
@Controller()
class GuardedController extends ItemsController {}

const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type GrpcError = Error & { code: number; details: string };
type Client = { close(): void } & Record<
  'Me' | 'Echo' | 'Raw' | 'Last',
  (...args: unknown[]) => ClientDuplexStream<Text, Text>
>;
interface GrpcOptions {
  readonly inheritAppConfig?: boolean;
  readonly controller?: Type;
  readonly globalGuard?: boolean;
}

async function startGrpc({
  inheritAppConfig = false,
  controller = ItemsController,
  globalGuard = true,
}: GrpcOptions = {}) {
  const url = `127.0.0.1:${await findFreePort()}`;
  const { mint } = await startApp(
    { controllers: [controller] },
    {
      auth: { globalGuard },
      before: async (app) => {
        app.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.GRPC, options: { package: 'items', protoPath, url } },
          { inheritAppConfig },
        );
        await app.startAllMicroservices();
      },
    },
  );
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: new (url: string, credentials: unknown) => Client;
  };
  const client = new Items(url, credentials.createInsecure());
  closing.push(() => client.close());
  const token = await mint();
  /** Calls a method that applies the policy. Resolves to the text of the first reply, or to the error. */
  return (method: 'Me' | 'Echo' | 'Raw' | 'Last', policy: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set('policy', policy);
    return new Promise<string | GrpcError>((resolve) => {
      const settle = (error: GrpcError | null, reply?: Text) => resolve(error ?? reply?.text ?? '');
      if (method === 'Me') {
        client.Me({ text: policy }, metadata, settle);
        return;
      }
      const stream = method === 'Last' ? client.Last(metadata, settle) : client[method](metadata);
      closing.push(() => stream.cancel());
      stream.on('error', (error) => settle(error as GrpcError));
      stream.on('data', (reply: Text) => settle(null, reply));
      stream.write({ text: policy });
    });
  };
}

describe('N1: an exception of EntityAccess in gRPC', () => {
  describe.each([true, false])('with the configuration of the application: %s', (inheritAppConfig) => {
    test.each(['Me', 'Echo', 'Raw', 'Last'] as const)(
      '%s: a denial and an outage have their status',
      async (method) => {
        const call = await startGrpc({ inheritAppConfig });
        expect(await call(method, 'allow')).toBe('allow');
        expect(await call(method, 'deny')).toMatchObject({
          code: status.PERMISSION_DENIED,
          details: 'Access is denied',
        });
        expect(await call(method, 'outage')).toMatchObject({
          code: status.UNAVAILABLE,
          details: 'Access tokens cannot be verified at the moment',
        });
      },
    );

    // Vitest fails for an unhandled rejection, with which Node would end the process.
    test.each(['Raw', 'Last'] as const)(
      '%s: any other exception ends the call with INTERNAL',
      async (method) => {
        const call = await startGrpc({ inheritAppConfig });
        for (const policy of ['boom', 'text', 'gone', 'missing', 'invalid'])
          expect([policy, await call(method, policy)]).toMatchObject([policy, { code: status.INTERNAL }]);
        expect(await call(method, 'allow')).toBe('allow');
      },
    );
  });

  test('without a global guard, an unexpected exception ends a stream call', async () => {
    const call = await startGrpc({ controller: GuardedController, globalGuard: false });
    expect(await call('Raw', 'allow')).toBe('allow');
    for (const policy of ['boom', 'deny', 'outage'])
      expect(await call('Raw', policy)).toMatchObject({ code: expect.any(Number) });
  });
});

test.each([true, false])(
  'A10: a TCP message receives the status of an outage in EntityAccess; application configuration inherited: %s',
  async (inheritAppConfig) => {
    const tcp = { host: '127.0.0.1', port: await findFreePort() };
    const { mint } = await startApp(
      { controllers: [ItemsController] },
      {
        auth: { rpcCredentials: (data) => (data as { authorization: string }).authorization },
        before: async (app) => {
          app.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options: tcp },
            { inheritAppConfig },
          );
          await app.startAllMicroservices();
        },
      },
    );
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: tcp });
    closing.push(() => client.close());
    const authorization = `Bearer ${await mint()}`;
    const send = (policy: string) =>
      lastValueFrom(client.send('entity', { authorization, policy })).catch((error: unknown) => error);
    expect(await send('allow')).toBe('allowed');
    expect(await send('deny')).toMatchObject({ statusCode: 403, code: 'access_denied' });
    expect(await send('outage')).toMatchObject({ statusCode: 503, code: 'server_error' });
  },
);
