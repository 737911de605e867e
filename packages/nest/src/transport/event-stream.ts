import type { LongAnswer } from './transport.ts';

/** What is used of Node's response. */
export interface EventStreamResponse {
  readonly headersSent?: boolean;
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  statusCode?: number;
  once?(event: string, listener: (source: Piped) => void): unknown;
  end?(): unknown;
}

/** The stream that is piped to a response. */
interface Piped {
  unpipe?(destination: object): unknown;
}

/** What is used of a request, to cut its connection where the response is out of reach. */
interface AnsweredRequest {
  readonly raw?: AnsweredRequest;
  readonly socket?: object | undefined;
}

/** The answer to a request over HTTP: ended as if its source had ended, and cut where that is not possible. */
export function eventStreamAnswer(
  response: EventStreamResponse | undefined,
  request: AnsweredRequest,
): LongAnswer {
  let source: Piped | undefined;
  response?.once?.('pipe', (piped) => {
    source = piped;
  });
  const cut = () => ((request.raw ?? request).socket as { destroy?(): void } | undefined)?.destroy?.();
  return {
    end() {
      if (!response?.end) return cut();
      // A write after the end would be an error that nothing handles.
      source?.unpipe?.(response);
      // RFC 6750 section 3.1: an answer that has not begun is a refusal.
      if (response.headersSent !== true) response.statusCode = 401;
      response.end();
    },
    isEnded: () => response?.closed === true || response?.destroyed === true,
    onEnded: response?.once && ((listener) => response.once?.('close', listener)),
  };
}
