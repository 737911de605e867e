import { Metadata } from '@grpc/grpc-js';
import {
  type ClientGrpcProxy,
  type ClientProxy,
  ClientProxyFactory,
  NatsRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { grpcOptions } from '../contexts/create-application.js';
import { handledEvents } from '../contexts/messages.js';
import { createNatsHeaders } from '../nats-headers.js';
import { type Call, readMessage, toHeaders } from './outcome.js';

/** Creates a call of a gRPC method. */
export const createGrpcCall =
  (port: number, method: string): Call =>
  async (token) => {
    const client = ClientProxyFactory.create({
      transport: Transport.GRPC,
      options: grpcOptions(port),
    }) as unknown as ClientGrpcProxy;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(toHeaders(token))) metadata.set(name, value);
    const service =
      client.getService<Record<string, (request: object, metadata: Metadata) => Observable<unknown>>>(
        'Items',
      );
    try {
      await firstValueFrom(service[method]!({}, metadata));
      return 'ok';
    } catch (error) {
      return readMessage((error as { details?: string }).details ?? error);
    } finally {
      client.close();
    }
  };

/** A broker, and how its messages contain a token. */
export interface BrokerClient {
  readonly create: () => ClientProxy;
  readonly createMessage: (token: string | undefined) => unknown;
}

export const createRedisClient = (port: number): BrokerClient => ({
  create: () =>
    ClientProxyFactory.create({ transport: Transport.REDIS, options: { host: '127.0.0.1', port } }),
  createMessage: toHeaders,
});

export const createNatsClient = (port: number): BrokerClient => ({
  create: () =>
    ClientProxyFactory.create({
      transport: Transport.NATS,
      options: { servers: [`nats://127.0.0.1:${port}`] },
    }),
  createMessage: (token) => new NatsRecordBuilder({}).setHeaders(createNatsHeaders(toHeaders(token))).build(),
});

/** Creates a call of a message pattern. */
export const createMessageCall =
  ({ create, createMessage }: BrokerClient, pattern: unknown): Call =>
  async (token) => {
    const client = create();
    try {
      await firstValueFrom(client.send(pattern, createMessage(token)));
      return 'ok';
    } catch (error) {
      return readMessage((error as Error).message);
    } finally {
      await client.close();
    }
  };

/** The rejections of events, which have no response. The verifier reports their codes. */
export const rejectedEvents: { listener: (code: string) => void } = { listener: () => {} };

/** Creates a call of an event pattern. */
export const createEventCall =
  ({ create, createMessage }: BrokerClient, pattern: string): Call =>
  async (token) => {
    const client = create();
    const outcome = new Promise<string>((resolve) => {
      handledEvents.listener = (handled) => resolve(handled === pattern ? 'ok' : `unexpected: ${handled}`);
      rejectedEvents.listener = (code) =>
        resolve(code === 'insufficient_scope' ? 'forbidden' : 'unauthenticated');
    });
    try {
      await firstValueFrom(client.emit(pattern, createMessage(token)), { defaultValue: undefined });
      return await outcome;
    } finally {
      await client.close();
    }
  };
