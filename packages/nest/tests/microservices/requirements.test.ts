import { type Metadata, status } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import {
  ClientProxyFactory,
  EventPattern,
  GrpcMethod,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import { Public, RequireScopes } from '../../src/index.ts';
import { ReplaceMethod } from '../support/replace-method.ts';
import { startApp } from '../support/start/start-app.ts';
import { createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';

abstract class BaseController {
  @RequireScopes('items:write')
  remove(): object | string {
    return {};
  }

  @Public()
  @MessagePattern('news')
  news(): string {
    return '';
  }
}

@Controller()
class ItemsController extends BaseController {
  readonly received: string[] = [];
  readonly firstReceived: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    super();
    this.firstReceived = new Promise((resolve) => (this.#resolve = resolve));
    this.bound = this.bound.bind(this);
  }

  @MessagePattern('remove')
  override remove() {
    return 'removed';
  }

  @MessagePattern('news')
  override news() {
    return 'news';
  }

  @MessagePattern('read')
  @ReplaceMethod()
  @RequireScopes('items:read')
  read() {
    return 'read';
  }

  @RequireScopes('items:read')
  @MessagePattern('bound')
  bound() {
    return 'bound';
  }

  @EventPattern('received')
  @ReplaceMethod()
  @RequireScopes('items:read')
  receive({ text }: { text: string }) {
    this.received.push(text);
    this.#resolve();
  }
}

@Controller()
class GrpcController extends BaseController {
  @GrpcMethod('Items', 'Write')
  override remove() {
    return { text: 'removed' };
  }

  @GrpcMethod('Items', 'Me')
  @ReplaceMethod()
  @RequireScopes('items:read')
  read() {
    return { text: 'read' };
  }
}

describe.each([true, false])(
  'N11, N12: messages of a microservice; application configuration inherited: %s',
  (inheritAppConfig) => {
    test('checks requirements over TCP', async () => {
      const options = { host: '127.0.0.1', port: await findFreePort() };
      let reject: (code: string) => void = () => {};
      const { app, mint } = await startApp(
        { controllers: [ItemsController] },
        {
          auth: {
            rpcCredentials: (data) => (data as { authorization?: string }).authorization,
            onEvent: (event) => event.type === 'token.rejected' && reject(event.code),
          },
          before: async (each) => {
            each.connectMicroservice<MicroserviceOptions>(
              { transport: Transport.TCP, options },
              { inheritAppConfig },
            );
            await each.startAllMicroservices();
          },
        },
      );
      const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
      const send = async (pattern: string, scope?: string) => {
        const authorization = scope && `Bearer ${await mint({ scope })}`;
        return firstValueFrom(client.send<unknown>(pattern, { authorization })).catch(
          (error: unknown) => error,
        );
      };
      for (const [pattern, scope, other, reply] of [
        ['remove', 'items:write', 'items:read', 'removed'],
        ['read', 'items:read', 'items:write', 'read'],
        ['bound', 'items:read', 'items:write', 'bound'],
      ] as const) {
        expect(await send(pattern), pattern).toMatchObject({ statusCode: 401 });
        expect(await send(pattern, other), pattern).toMatchObject({ statusCode: 403 });
        expect(await send(pattern, scope), pattern).toBe(reply);
      }
      expect(await send('news')).toMatchObject({ statusCode: 401 });
      expect(await send('news', 'openid')).toBe('news');

      const emit = async (text: string, scope: string) =>
        firstValueFrom(client.emit('received', { text, authorization: `Bearer ${await mint({ scope })}` }), {
          defaultValue: undefined,
        });
      const rejected = new Promise<string>((resolve) => (reject = resolve));
      await emit('without the scope', 'items:write');
      expect(await rejected).toBe('insufficient_scope');
      await emit('with the scope', 'items:read');
      await app.get(ItemsController).firstReceived;
      expect(app.get(ItemsController).received).toEqual(['with the scope']);
      client.close();
    });

    test('checks requirements over gRPC', async () => {
      type Call = (
        message: object,
        metadata: Metadata,
        done: (error: object | null, reply: object) => void,
      ) => void;
      const { client, mint } = await startGrpc<Record<'Me' | 'Write', Call>>(GrpcController, {
        inheritAppConfig,
      });
      const ask = async (method: 'Me' | 'Write', scope: string) => {
        const metadata = createGrpcMetadata(await mint({ scope }));
        return new Promise((resolve) =>
          client[method]({ text: '' }, metadata, (error, reply) => resolve(error ?? reply)),
        );
      };
      expect(await ask('Write', 'items:read')).toMatchObject({ code: status.PERMISSION_DENIED });
      expect(await ask('Write', 'items:write')).toEqual({ text: 'removed' });
      expect(await ask('Me', 'items:write')).toMatchObject({ code: status.PERMISSION_DENIED });
      expect(await ask('Me', 'items:read')).toEqual({ text: 'read' });
    });
  },
);
