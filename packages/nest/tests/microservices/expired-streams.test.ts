import { type Metadata, status } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcStreamMethod, RpcException } from '@nestjs/microservices';
import { config, lastValueFrom, map, NEVER, type Observable, Subject, tap, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { log, readPlace, startStreams, type Text } from '../support/grpc-streams.ts';

/** What the handlers of uploads did: `commit` when all messages had arrived, `rollback` with the reason. */
const outcomes: string[] = [];
const commit = () => void outcomes.push('commit');
const rollback = ({ code, details }: { code?: number; details?: string }) =>
  void outcomes.push(`rollback ${code} ${details}`);

/** Handlers that save an upload after its last message. */
const uploads: Readonly<Record<string, (messages: Observable<Text>) => unknown>> = {
  'returned observable': (messages) =>
    messages.pipe(
      toArray(),
      tap({ next: commit, error: rollback }),
      map(() => ({ text: 'saved' })),
    ),
  'own subscription': (messages) => {
    const replies = new Subject<Text>();
    messages.subscribe({
      complete: () => {
        commit();
        replies.complete();
      },
      error: (error) => {
        rollback(error);
        replies.error(error);
      },
    });
    return replies;
  },
  promise: async (messages) => {
    try {
      await lastValueFrom(messages);
      commit();
    } catch (error) {
      rollback(error as object);
      throw error;
    }
    return { text: 'saved' };
  },
  'a subscription without an error handler': (messages) => {
    messages.subscribe(() => {});
    return NEVER;
  },
  'two subscriptions without an error handler': (messages) => {
    messages.pipe(toArray()).subscribe(commit);
    messages.subscribe({ complete: commit });
    return NEVER;
  },
};

@Controller()
class UploadController {
  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>, metadata: Metadata): unknown {
    return uploads[readPlace(metadata)]?.(messages);
  }

  @GrpcStreamMethod('Items', 'Last')
  last(messages: Observable<Text>, metadata: Metadata): unknown {
    return this.echo(messages, metadata);
  }
}

// Vitest fails for an uncaught exception, with which Node would end the process.
describe('N29: an expired token does not complete the messages of a handler', () => {
  test.each(
    (['Echo', 'Last'] as const).flatMap((method) =>
      Object.keys(uploads).map((upload) => [method, upload] as const),
    ),
  )('%s, %s', async (method, upload) => {
    outcomes.length = 0;
    const { call, mint, server } = await startStreams(UploadController);
    server.clock.stop();
    const token = await mint({ exp: Math.floor(server.clock.now() / 1000) + 2 });
    expect(await call(method, upload, { token })).toBe(status.UNAUTHENTICATED);
    // RxJS reports an error without a handler in a timer.
    await new Promise((resolve) => setTimeout(resolve));
    const expected = upload.includes('without') ? [] : ['rollback 16 The access token has expired'];
    expect(outcomes).toEqual(expected);
    expect(log).not.toHaveBeenCalled();
  });
});

test('N29: RxJS still reports other errors without a handler', async () => {
  await startStreams(UploadController);
  const report = config.onUnhandledError;
  expect(() => report?.(new RpcException('no item'))).toThrow('no item');
  expect(() => report?.('text')).toThrow('text');
});
