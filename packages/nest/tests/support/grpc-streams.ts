import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { Logger, type Type } from '@nestjs/common';
import { beforeEach, type Mock, vi } from 'vitest';
import { closeAfterTest, createGrpcMetadata, type GrpcOptions, startGrpc } from './start/start-grpc.ts';

export interface Text {
  readonly text: string;
}

/** The methods of the service `Items` whose requests are streams. */
export type StreamMethod = 'Echo' | 'Raw' | 'Last';
export type StreamCall = ClientDuplexStream<Text, Text> & { metadata: Metadata };

/** Reads what the handler of a call has to do, or where it fails. */
export const readPlace = (metadata: Metadata) => String(metadata.get('place')[0]);

/** Receives the errors and warnings of the application. */
export const log: Mock = vi.fn();
const useLog = () => Logger.overrideLogger({ error: log, warn: log, log: () => {} });

beforeEach(() => {
  log.mockReset();
  useLog();
});

/** Starts an application whose controller has methods with streams. */
export async function startStreams(
  controller: Type,
  {
    globalGuard = true,
    ...options
  }: Pick<GrpcOptions, 'inheritAppConfig' | 'prepare'> & { readonly globalGuard?: boolean } = {},
) {
  const { client, mint, server } = await startGrpc<Record<StreamMethod, (...args: unknown[]) => StreamCall>>(
    controller,
    { ...options, auth: { globalGuard } },
  );
  useLog();
  /** Opens a stream. Resolves to the code of its error, or to the text of a message that is not the first one. */
  const call = async (
    method: StreamMethod,
    place: string,
    { exception = 'error', token }: { exception?: string; token?: string } = {},
  ) => {
    const metadata = createGrpcMetadata(token ?? (await mint()), { place, exception });
    return new Promise<unknown>((resolve) => {
      const settle = (error: { code?: number } | null, reply?: Text) => resolve(error?.code ?? reply?.text);
      const stream = method === 'Last' ? client.Last(metadata, settle) : client[method](metadata);
      closeAfterTest(() => stream.cancel());
      stream.on('error', (error) => settle(error as { code?: number }));
      stream.on('data', (reply: Text) => reply.text !== 'first' && settle(null, reply));
      stream.write({ text: 'echo' });
    });
  };
  return { call, mint, server };
}
