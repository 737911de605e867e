import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { Catch, Controller, UseFilters } from '@nestjs/common';
import { GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import { EMPTY, firstValueFrom, map, type Observable, throwError, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { createGrpcMetadata, startGrpc } from '../support/start/start-grpc.ts';

// The guard verifies a token while the first messages of a stream arrive.

interface Text {
  readonly text: string;
}

type Call = ClientDuplexStream<Text, Text> & { readonly metadata: Metadata };
type Method = (metadata: Metadata, done?: (error: Error | null, reply?: Text) => void) => Call;

@Catch()
class RethrowingFilter {
  catch(exception: unknown) {
    return throwError(() => exception);
  }
}

@Controller()
class StreamController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }

  @GrpcStreamMethod('Items', 'Last')
  last(messages: Observable<Text>): Observable<Text> {
    return messages.pipe(
      toArray(),
      map((all) => ({ text: all.map(({ text }) => text).join() })),
    );
  }

  @UseFilters(RethrowingFilter)
  @GrpcStreamCall('Items', 'Raw')
  async raw(): Promise<unknown> {
    // A query without a result rejects with an EmptyError.
    return firstValueFrom(EMPTY);
  }
}

async function start() {
  const { client, mint } = await startGrpc<Record<'Echo' | 'Last' | 'Raw', Method>>(StreamController);
  return { client, createMetadata: async () => createGrpcMetadata(await mint()) };
}

test.each(['Echo', 'Last'] as const)(
  'the messages of a client arrive in order, although some arrive before the guard has decided: %s',
  async (method) => {
    const { client, createMetadata } = await start();
    const sent = Array.from({ length: 30 }, (_, index) => String(index));
    // Each token is new, so that its signature is verified.
    for (let round = 0; round < 3; round++) {
      const metadata = await createMetadata();
      const received = await new Promise<string>((resolve, reject) => {
        const texts: string[] = [];
        const call =
          method === 'Last'
            ? client.Last(metadata, (error, reply) => (error ? reject(error) : resolve(reply?.text ?? '')))
            : client.Echo(metadata);
        call.on('error', reject);
        if (method === 'Echo')
          call.on('data', ({ text }: Text) => texts.push(text)).on('end', () => resolve(texts.join()));
        for (const text of sent) call.write({ text });
        call.end();
      });
      expect(received).toBe(sent.join());
    }
  },
);

test('N29: a query without a result ends the call with a status', async () => {
  const { client, createMetadata } = await start();
  const metadata = await createMetadata();
  const code = await new Promise((resolve) => {
    const call = client.Raw(metadata);
    call.on('error', (error: { readonly code?: number }) => resolve(error.code));
    call.on('data', () => {});
  });
  // UNKNOWN
  expect(code).toBe(2);
});
