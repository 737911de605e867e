import { connect, constants } from 'node:http2';
import { logVerbosity, setLogVerbosity, status } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, GrpcStreamMethod } from '@nestjs/microservices';
import fc from 'fast-check';
import { from, type Observable } from 'rxjs';
import { expect, test } from 'vitest';
import { Principal } from '../../src/index.ts';
import { anyAuthorization, fuzz } from '../support/fuzz.ts';
import { closeAfterTest, startGrpc } from '../support/start/start-grpc.ts';

interface Text {
  readonly text: string;
}

@Controller()
class ItemsController {
  @GrpcMethod('Items', 'Me')
  me(@Principal('sub') text: string): Text {
    return { text };
  }

  @GrpcMethod('Items', 'Ticks')
  ticks(@Principal('sub') text: string): Observable<Text> {
    return from([{ text }]);
  }

  @GrpcStreamMethod('Items', 'Echo')
  echo(messages: Observable<Text>): Observable<Text> {
    return messages;
  }

  @GrpcStreamCall('Items', 'Raw')
  raw(call: { write(message: Text): void; end(): void } & NodeJS.EventEmitter): void {
    call.on('data', (message: Text) => call.write(message));
    call.on('end', () => call.end());
  }
}

/** Sends calls over HTTP/2 directly, because a gRPC client does not send invalid metadata. */
async function start() {
  const { client: _, address, ...testApp } = await startGrpc(ItemsController);
  const session = connect(`http://${address}`);
  closeAfterTest(() => session.destroy());
  const call = (method: string, headers: Record<string, string>, body: Uint8Array) =>
    new Promise<{ status: number | undefined; data: string }>((resolve) => {
      const stream = session.request({
        ...headers,
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: `/items.Items/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let code: number | undefined;
      let data = '';
      const readStatus = (received: Record<string, unknown>) => {
        if (received['grpc-status'] !== undefined) code = Number(received['grpc-status']);
      };
      stream.on('response', readStatus).on('trailers', readStatus);
      stream.on('data', (chunk: Buffer) => (data += chunk.toString('latin1')));
      stream.on('error', () => {}).on('close', () => resolve({ status: code, data }));
      stream.end(body);
    });
  return { ...testApp, call };
}

/** Encodes a message with one text as a gRPC frame. */
function encodeFrame(text: string): Uint8Array {
  const encoded = Buffer.from(text);
  const field = Buffer.concat([Buffer.from([0x0a, encoded.length]), encoded]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(field.length, 1);
  return Buffer.concat([prefix, field]);
}

test('A9: rejects any gRPC call without a valid token', { timeout: 60_000 }, async () => {
  // The server logs each header that is not valid metadata.
  setLogVerbosity(logVerbosity.NONE);
  const { call, mint } = await start();
  const good = await mint();
  const authorization = anyAuthorization(good);
  const input = fc.record({
    method: fc.constantFrom('Me', 'Ticks', 'Echo', 'Raw'),
    headers: fc.record(
      {
        authorization,
        'authorization-bin': fc.oneof(fc.base64String(), authorization),
        'grpc-timeout': fc.constantFrom('1S', '0n', 'x', '-1S', '99999999H'),
        'grpc-encoding': fc.constantFrom('gzip', 'identity', 'none'),
      },
      { requiredKeys: [] },
    ),
    body: fc.oneof(
      fc.string({ maxLength: 20 }).map(encodeFrame),
      fc.uint8Array({ maxLength: 30 }),
      fc.constant(new Uint8Array()),
    ),
  });
  const rejections: (number | undefined)[] = [];
  await fuzz(
    input,
    async ({ method, headers, body }) => {
      const response = await call(method, headers, body);
      expect(response.status).not.toBe(status.OK);
      expect(response.data).toBe('');
      rejections.push(response.status);
    },
    300,
  );
  const guarded = rejections.filter(
    (code) => code === status.UNAUTHENTICATED || code === status.INVALID_ARGUMENT,
  );
  expect(guarded.length).toBeGreaterThan(50);
  const { status: code, data } = await call('Me', { authorization: `Bearer ${good}` }, encodeFrame('x'));
  expect({ code, data }).toMatchObject({ code: status.OK, data: expect.stringContaining('alice') });
});
