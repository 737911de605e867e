import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod, Transport } from '@nestjs/microservices';
import { NEVER, type Observable, startWith } from 'rxjs';
import { afterEach, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../../scripts/lib/processes/ports.ts';
import {
  ACCESS_TOKEN_VERIFIER,
  type AccessTokenVerifier,
  Policy,
  Principal,
  RequireScopes,
} from '../../src/index.ts';
import {
  createExceptionTrigger,
  createFaultyModule,
  exceptionText,
  faultPoints,
  faultyPolicy,
  watchLogs,
} from '../support/fault-points.ts';
import type { StartOptions } from '../support/start/start-app.ts';
import { startMicroservice } from '../support/start/start-microservice.ts';

interface Text {
  readonly text: string;
}

interface RawCall {
  on(event: string, listener: (message: Text) => void): void;
  write(message: Text): void;
  end(): void;
}

@Controller()
class ItemsController {
  readonly #verifier: AccessTokenVerifier;

  constructor(@Inject(ACCESS_TOKEN_VERIFIER) verifier: AccessTokenVerifier) {
    this.#verifier = verifier;
  }

  @GrpcMethod('Items', 'Me')
  grpcMe(@Principal('sub') text: string): Text {
    return { text };
  }

  @RequireScopes('items:write')
  @GrpcMethod('Items', 'Write')
  grpcWrite(@Principal('sub') text: string): Text {
    return { text };
  }

  @Policy(faultyPolicy)
  @GrpcMethod('Items', 'Open')
  grpcPolicy(@Principal('sub') text: string): Text {
    return { text };
  }

  @GrpcMethod('Items', 'Ticks')
  ticks(): Observable<Text> {
    return NEVER.pipe(startWith({ text: 'alice' }));
  }

  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }

  @Policy(faultyPolicy)
  @GrpcStreamCall('Items', 'Raw')
  raw(call: RawCall): void {
    call.on('data', (message) => call.write(message));
    call.on('end', () => call.end());
  }

  @GrpcStreamCall('Items', 'Last')
  last(): void {
    throw this.#verifier.createAccessDeniedError('Not on Sundays');
  }
}

const { lines, listen } = watchLogs();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const messageFaultPoints = faultPoints.filter(({ requestsOnly }) => !requestsOnly);

const host = '127.0.0.1';
const protoPath = fileURLToPath(new URL('../support/items.proto', import.meta.url));
const grpcMethods = ['Me', 'Write', 'Open', 'Ticks', 'Echo', 'Raw', 'Last'] as const;
type Method = (typeof grpcMethods)[number];

/** The gRPC status code for each HTTP status. */
const codes: Readonly<Record<number, number>> = { 401: 16, 403: 7, 500: 13, 503: 14 };

async function startGrpc(options: StartOptions) {
  const url = `${host}:${await findFreePort()}`;
  const testApp = await startMicroservice(
    ItemsController,
    { transport: Transport.GRPC, options: { package: 'items', protoPath, url } },
    { ...options, listen },
  );
  const { Items } = loadPackageDefinition(loadSync(protoPath)).items as unknown as {
    Items: ServiceClientConstructor;
  };
  const client = new Items(url, credentials.createInsecure());
  closing.push(() => client.close());
  type Stream = NodeJS.EventEmitter & { write(message: Text): void; cancel(): void };
  const methods = client as unknown as Record<Method, (...args: unknown[]) => Stream>;
  /** Returns the first reply, or the error. */
  const ask = (method: Method, token?: string) => {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    return new Promise<string | { code: number; details: string }>((resolve) => {
      const callback = (error: never, reply?: Text) => resolve(error ?? reply?.text ?? '');
      const message = { text: 'alice' };
      if (method === 'Last') methods.Last(metadata, callback).write(message);
      else if (method === 'Me' || method === 'Write' || method === 'Open')
        methods[method](message, metadata, callback);
      else {
        const stream = method === 'Ticks' ? methods.Ticks(message, metadata) : methods[method](metadata);
        closing.push(() => stream.cancel());
        stream.once('data', ({ text }: Text) => resolve(text)).on('error', resolve as never);
        if (method !== 'Ticks') stream.write(message);
      }
    });
  };
  return { ...testApp, ask };
}

describe('N1: gRPC', () => {
  const methodCases = messageFaultPoints.flatMap((faultPoint) => {
    const methods: readonly Method[] =
      faultPoint.handler === 'write'
        ? ['Write']
        : faultPoint.handler === 'policy'
          ? ['Open', 'Raw']
          : ['Me', 'Ticks', 'Echo', 'Raw'];
    return methods.map((method) => ({ ...faultPoint, method }));
  });

  test.each(methodCases)(
    '$method, $name: rejects the call, logs one line, and handles the next call',
    async (faultPoint) => {
      const trigger = createExceptionTrigger();
      const { ask, mint, server } = await startGrpc({ module: createFaultyModule(faultPoint, trigger) });
      const token = await mint({ scope: 'items:write' });
      trigger.secret = token;
      trigger.armed = true;
      const reply = await ask(faultPoint.method, faultPoint.anonymous ? undefined : token);
      if (faultPoint.status === 200) expect(reply).toBe('alice');
      else expect(reply).toMatchObject({ code: codes[faultPoint.status] });
      expect(JSON.stringify(reply)).not.toContain(exceptionText);
      expect(lines).toHaveLength(faultPoint.lines ?? 1);
      for (const line of lines) expect(line).not.toContain(token.slice(-20));
      trigger.armed = false;
      server.clock.advance(60);
      expect(await ask(faultPoint.method, token)).toBe('alice');
    },
  );

  test('N1: sends the status of a rejection that the handler of a stream throws', async () => {
    const { ask, mint } = await startGrpc({});
    for (let i = 0; i < 2; i++)
      expect(await ask('Last', await mint())).toMatchObject({ code: codes[403], details: 'Not on Sundays' });
    expect(await ask('Me', await mint())).toBe('alice');
  });
});
