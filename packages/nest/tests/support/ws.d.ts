/** The parts of `ws` that the tests use. */
declare module 'ws' {
  export default class WebSocket {
    constructor(url: string, options?: { headers?: Record<string, string> });
    constructor(url: string, protocols: string, options?: { headers?: Record<string, string> });
    readonly readyState: number;
    once(event: 'close', listener: (code: number, reason: Uint8Array) => void): this;
    once(event: 'error', listener: (error: Error) => void): this;
    once(event: 'message', listener: (data: Uint8Array) => void): this;
    once(event: 'open', listener: (value?: unknown) => void): this;
    once(
      event: 'unexpected-response',
      listener: (request: object, response: { statusCode?: number }) => void,
    ): this;
    on(event: 'message', listener: (data: Uint8Array) => void): this;
    on(event: 'open' | 'close' | 'error', listener: (value?: unknown) => void): this;
    send(text: string): void;
    close(): void;
  }

  export class WebSocketServer {
    constructor(options: { port: number; host: string });
    once(event: 'listening', listener: () => void): this;
    once(event: 'connection', listener: (client: WebSocket) => void): this;
    address(): unknown;
    close(): void;
  }
}
