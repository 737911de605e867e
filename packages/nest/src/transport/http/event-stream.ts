import { addCloseListener } from '../close-listeners.ts';
import type { LongLivedStream } from '../transport.ts';

/** The part of Node's response that this package uses. */
export interface StreamResponse {
  readonly headersSent?: boolean;
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  statusCode?: number;
  once?(event: string, listener: (source: PipedSource) => void): unknown;
  end?(): unknown;
}

/** The stream that is piped to a response. */
interface PipedSource {
  unpipe?(destination: object): unknown;
}

/** The part of a request that is needed to close its connection. */
interface RequestWithSocket {
  readonly raw?: RequestWithSocket;
  readonly socket?: object | undefined;
}

/**
 * Creates the stream of a response over HTTP. It ends as if its source had ended. If the response is not accessible, the
 * connection is closed instead.
 */
export function createResponseStream(
  response: StreamResponse | undefined,
  request: RequestWithSocket,
): LongLivedStream {
  let source: PipedSource | undefined;
  response?.once?.('pipe', (pipedStream) => {
    source = pipedStream;
  });
  const closeConnection = () =>
    ((request.raw ?? request).socket as { destroy?(): void } | undefined)?.destroy?.();
  return {
    end() {
      if (!response?.end) return closeConnection();
      // A write after the end would cause an unhandled error.
      source?.unpipe?.(response);
      // RFC 6750 section 3.1: a response that has not started yet rejects the request.
      if (response.headersSent !== true) response.statusCode = 401;
      response.end();
    },
    isEnded: () => response?.closed === true || response?.destroyed === true,
    onEnded: (listener) => void addCloseListener(response, listener),
  };
}
