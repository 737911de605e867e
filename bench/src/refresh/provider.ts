import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const host = 'id.bench.test';
export const issuer = `https://${host}`;
export const clientId = 'bench';
export const clientSecret = 'bench-client-secret-of-no-worth-at-all';

export interface Question {
  readonly id: number;
  readonly kind: 'refresh-token' | 'token-requests';
}

/** The provider of the demo, which revokes a grant when a used refresh token is sent again. */
export interface BenchProvider {
  /** Returns the refresh token of a new login. */
  createRefreshToken(): Promise<string>;
  /** Returns the count of requests to the token endpoint. */
  tokenRequests(): Promise<number>;
  close(): void;
}

export async function startBenchProvider(): Promise<BenchProvider> {
  const child = fork(fileURLToPath(new URL('provider-process.ts', import.meta.url)), { stdio: 'inherit' });
  const waiting = new Map<number, (response: unknown) => void>();
  let last = 0;
  const waitForResponse = (id: number) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(id, resolve);
      child.once('exit', () => reject(new Error('The provider has exited')));
    });
  const send = (kind: Question['kind']) => {
    const id = ++last;
    child.send({ id, kind } satisfies Question);
    return waitForResponse(id);
  };
  child.setMaxListeners(0);
  child.on('message', ({ id, response }: { readonly id: number; readonly response: unknown }) => {
    waiting.get(id)?.(response);
    waiting.delete(id);
  });
  const restore = redirectFetch((await waitForResponse(0)) as number);
  return {
    createRefreshToken: () => send('refresh-token') as Promise<string>,
    tokenRequests: () => send('token-requests') as Promise<number>,
    close() {
      restore();
      child.disconnect();
    },
  };
}

/** Sends requests for the https name of the provider to its local port: some libraries support only https. */
function redirectFetch(port: number): () => void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(issuer)) return fetch(request);
    const url = request.url.replace(issuer, `http://127.0.0.1:${port}`);
    const headers = new Headers(request.headers);
    headers.set('x-forwarded-proto', 'https');
    headers.set('x-forwarded-host', host);
    const body = request.body === null ? null : await request.arrayBuffer();
    return fetch(url, { method: request.method, headers, body, signal: request.signal });
  };
  return () => {
    globalThis.fetch = fetch;
  };
}
