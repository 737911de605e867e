import { Metadata } from '@grpc/grpc-js';
import { type ClientGrpcProxy, ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { io } from 'socket.io-client';
import { grpcOptions } from '../contexts/create-application.js';
import type { TestApplication } from '../start-application.js';

/** Calls a handler, and returns its result or the message of its rejection. */
export type Send = (name: 'scoped' | 'denied' | 'unavailable', token: string) => Promise<string>;

/** Sends a query and returns its data or its message. */
export const createQueryCall =
  ({ call }: TestApplication): Send =>
  async (name, token) => {
    const body = JSON.stringify({ query: `{ ${name} }` });
    const headers = { 'content-type': 'application/json' };
    const { data, errors } = JSON.parse(
      (await call('/graphql', token, { method: 'POST', headers, body })).text,
    );
    return errors?.[0].message ?? data[name];
  };

export const createGrpcCall =
  (port: number): Send =>
  async (name, token) => {
    const client = ClientProxyFactory.create({
      transport: Transport.GRPC,
      options: grpcOptions(port),
    }) as unknown as ClientGrpcProxy;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const service =
      client.getService<
        Record<string, (request: object, metadata: Metadata) => Observable<{ text: string }>>
      >('Items');
    const method = { scoped: 'List', denied: 'Add', unavailable: 'Open' }[name];
    try {
      return (await firstValueFrom(service[method]!({}, metadata))).text;
    } catch (error) {
      const { code, details } = error as { readonly code: number; readonly details: string };
      return `${code} ${details}`;
    } finally {
      client.close();
    }
  };

export const createMessageCall =
  (port: number): Send =>
  async (name, token) => {
    const socket = io(`http://127.0.0.1:${port}`, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
    });
    try {
      return await new Promise<string>((resolve) => {
        socket.once('result', resolve);
        for (const event of ['exception', 'connect_error'])
          socket.once(event, ({ message }: { message: string }) => resolve(message));
        socket.emit(name, {});
      });
    } finally {
      socket.close();
    }
  };
