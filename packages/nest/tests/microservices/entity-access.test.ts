import { type ClientDuplexStream, type Metadata, status } from '@grpc/grpc-js';
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
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { AccessTokenGuard, EntityAccess, Principal, type VerifiedAccessToken } from '../../src/index.ts';
import { startApp } from '../support/start/start-app.ts';
import {
  closeAfterTest,
  createGrpcMetadata,
  type GrpcOptions,
  startGrpc,
} from '../support/start/start-grpc.ts';

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

type GrpcError = Error & { code: number; details: string };
type Methods = Record<'Me' | 'Echo' | 'Raw' | 'Last', (...args: unknown[]) => ClientDuplexStream<Text, Text>>;

async function startItems({
  controller = ItemsController,
  globalGuard = true,
  ...options
}: Pick<GrpcOptions, 'inheritAppConfig'> & {
  readonly controller?: Type;
  readonly globalGuard?: boolean;
} = {}) {
  const { client, mint } = await startGrpc<Methods>(controller, { ...options, auth: { globalGuard } });
  const token = await mint();
  /** Calls a method that applies the policy. Resolves to the text of the first reply, or to the error. */
  return (method: 'Me' | 'Echo' | 'Raw' | 'Last', policy: string) => {
    const metadata = createGrpcMetadata(token, { policy });
    return new Promise<string | GrpcError>((resolve) => {
      const settle = (error: GrpcError | null, reply?: Text) => resolve(error ?? reply?.text ?? '');
      if (method === 'Me') {
        client.Me({ text: policy }, metadata, settle);
        return;
      }
      const stream = method === 'Last' ? client.Last(metadata, settle) : client[method](metadata);
      closeAfterTest(() => stream.cancel());
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
        const call = await startItems({ inheritAppConfig });
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
        const call = await startItems({ inheritAppConfig });
        for (const policy of ['boom', 'text', 'gone', 'missing', 'invalid'])
          expect([policy, await call(method, policy)]).toMatchObject([policy, { code: status.INTERNAL }]);
        expect(await call(method, 'allow')).toBe('allow');
      },
    );
  });

  test('without a global guard, an unexpected exception ends a stream call', async () => {
    const call = await startItems({ controller: GuardedController, globalGuard: false });
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
    closeAfterTest(() => client.close());
    const authorization = `Bearer ${await mint()}`;
    const send = (policy: string) =>
      lastValueFrom(client.send('entity', { authorization, policy })).catch((error: unknown) => error);
    expect(await send('allow')).toBe('allowed');
    expect(await send('deny')).toMatchObject({ statusCode: 403, code: 'access_denied' });
    expect(await send('outage')).toMatchObject({ statusCode: 503, code: 'server_error' });
  },
);
