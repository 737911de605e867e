import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A token request of a page that reached the provider. */
export interface SentTokenRequest {
  readonly grant: string;
  readonly status: number;
}

/** A delayed request. */
export interface Held {
  /** Forwards the request. */
  release(): void;
  /** Resolves when the tab that sent it is closed. */
  readonly abandoned: Promise<void>;
}

/** A proxy between one browser and all servers, which counts and delays requests. */
export interface Network {
  readonly url: string;
  /** Token requests of pages, in the order of their responses. */
  readonly tokenRequests: SentTokenRequest[];
  /** The `sub` of the access token of each API request. */
  readonly subjects: string[];
  /** Delays the next refresh request. */
  holdRefresh(): Promise<Held>;
  /** Delays the next response to a URL with this suffix. */
  holdResponse(suffix: string): Promise<Held>;
  close(): Promise<void>;
}

/** @param storage - The token storage of the Angular app. */
export async function startNetwork(storage: 'shared' | 'tab'): Promise<Network> {
  const tokenRequests: SentTokenRequest[] = [];
  const subjects: string[] = [];
  let refreshHold: ((held: Held) => void) | undefined;
  const responseHolds = new Map<string, (held: Held) => void>();

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '');
    const { method = 'GET', headers } = incoming;
    const body = await buffer(incoming);
    const grant =
      method === 'POST' && url.pathname === '/token'
        ? (new URLSearchParams(body.toString()).get('grant_type') ?? '')
        : undefined;
    const subject = readSubject(headers.authorization);
    if (subject !== undefined) subjects.push(subject);
    if (grant === 'refresh_token' && refreshHold) {
      const notify = refreshHold;
      refreshHold = undefined;
      await hold(outgoing, notify);
    }
    // The tab was closed.
    if (outgoing.destroyed) return;
    // A new connection: the server can close a reused connection at the same moment, and the request fails.
    const sent = request(url, { method, headers: { ...headers, connection: 'close' }, agent: false });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    if (grant !== undefined) tokenRequests.push({ grant, status: response.statusCode ?? 0 });
    let content = await buffer(response);
    if (url.pathname === '/config.json')
      content = Buffer.from(JSON.stringify({ ...JSON.parse(content.toString()), storage }));
    const suffix = [...responseHolds.keys()].find((key) => url.href.endsWith(key));
    const notify = suffix === undefined ? undefined : responseHolds.get(suffix);
    if (suffix !== undefined && notify) {
      responseHolds.delete(suffix);
      await hold(outgoing, notify);
    }
    const { 'transfer-encoding': _, 'content-length': __, ...rest } = response.headers;
    outgoing.writeHead(response.statusCode ?? 502, rest).end(content);
  }

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenRequests,
    subjects,
    holdRefresh: () =>
      new Promise((resolve) => {
        refreshHold = resolve;
      }),
    holdResponse: (suffix) =>
      new Promise((resolve) => {
        responseHolds.set(suffix, resolve);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Waits until the request is released or its tab is closed. */
async function hold(outgoing: ServerResponse, notify: (held: Held) => void): Promise<void> {
  const abandoned = outgoing.destroyed ? Promise.resolve() : once(outgoing, 'close').then(() => {});
  const released = new Promise<void>((release) => notify({ release, abandoned }));
  await Promise.race([released, abandoned]);
}

export function readSubject(authorization: string | undefined): string | undefined {
  const payload = /^(?:Bearer|DPoP) [^.]+\.([^.]+)\./.exec(authorization ?? '')?.[1];
  return payload && String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub);
}
