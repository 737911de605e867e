import { fileURLToPath } from 'node:url';
import { type ClientDuplexStream, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Catch, Controller, UseFilters } from '@nestjs/common';
import { GrpcStreamCall, GrpcStreamMethod, type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { EMPTY, firstValueFrom, map, type Observable, throwError, toArray } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/ports.ts';
import { startApp } from '../support/start-app.ts';

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

const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function start() {
  const url = `127.0.0.1:${await findFreePort()}`;
  const { mint } = await startApp(
    { controllers: [StreamController] },
    {
      before: async (app) => {
        const options = { package: 'items', protoPath, url };
        app.connectMicroservice<MicroserviceOptions>({ transport: Transport.GRPC, options });
        await app.startAllMicroservices();
      },
    },
  );
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: new (
      url: string,
      credentials: unknown,
    ) => { close(): void } & Record<'Echo' | 'Last' | 'Raw', Method>;
  };
  const client = new Items(url, credentials.createInsecure());
  closing.push(() => client.close());
  const createMetadata = async () => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${await mint()}`);
    return metadata;
  };
  return { client, createMetadata };
}

test.each(['Echo', 'Last'] as const)(
  'the messages of a client arrive in their order, although some arrive before the guard has decided: %s',
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
