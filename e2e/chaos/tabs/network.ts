import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One token request of a page that reached the provider. */
export interface SentTokenRequest {
  readonly grant: string;
  readonly status: number;
}

/** A request that waits on its way. */
export interface Held {
  /** Lets it go on. */
  release(): void;
  /** The tab that sent it is gone. */
  readonly abandoned: Promise<void>;
}

/** The network between one browser and all servers: a proxy that counts, and can be slow. */
export interface Network {
  readonly url: string;
  /** Token requests of pages, in the order of their answers. */
  readonly tokenRequests: SentTokenRequest[];
  /** Whose access token came with each request to an API. */
  readonly subjects: string[];
  /** Keeps the next refresh request from reaching the provider. */
  holdRefresh(): Promise<Held>;
  /** Keeps the next answer to a URL that ends like this from reaching its tab. */
  holdAnswer(end: string): Promise<Held>;
  close(): Promise<void>;
}

/** @param storage where the tabs of the Angular app are told to keep their tokens */
export async function startNetwork(storage: 'shared' | 'tab'): Promise<Network> {
  const tokenRequests: SentTokenRequest[] = [];
  const subjects: string[] = [];
  let refreshHold: ((held: Held) => void) | undefined;
  const answerHolds = new Map<string, (held: Held) => void>();

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '');
    const { method = 'GET', headers } = incoming;
    const body = await buffer(incoming);
    const grant =
      method === 'POST' && url.pathname === '/token'
        ? (new URLSearchParams(body.toString()).get('grant_type') ?? '')
        : undefined;
    const subject = subjectOf(headers.authorization);
    if (subject !== undefined) subjects.push(subject);
    if (grant === 'refresh_token' && refreshHold) {
      const tell = refreshHold;
      refreshHold = undefined;
      await hold(outgoing, tell);
    }
    // Whoever is gone asks nothing any more.
    if (outgoing.destroyed) return;
    // A connection of its own: one that is reused can be closed by the server at the same moment, and the request fails.
    const sent = request(url, { method, headers: { ...headers, connection: 'close' }, agent: false });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    if (grant !== undefined) tokenRequests.push({ grant, status: answer.statusCode ?? 0 });
    let content = await buffer(answer);
    if (url.pathname === '/config.json')
      content = Buffer.from(JSON.stringify({ ...JSON.parse(content.toString()), storage }));
    const end = [...answerHolds.keys()].find((end) => url.href.endsWith(end));
    const tell = end === undefined ? undefined : answerHolds.get(end);
    if (end !== undefined && tell) {
      answerHolds.delete(end);
      await hold(outgoing, tell);
    }
    const { 'transfer-encoding': _, 'content-length': __, ...rest } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, rest).end(content);
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
    holdAnswer: (end) =>
      new Promise((resolve) => {
        answerHolds.set(end, resolve);
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Until it is released or nobody waits for it any more. */
async function hold(outgoing: ServerResponse, tell: (held: Held) => void): Promise<void> {
  const abandoned = outgoing.destroyed ? Promise.resolve() : once(outgoing, 'close').then(() => {});
  const released = new Promise<void>((release) => tell({ release, abandoned }));
  await Promise.race([released, abandoned]);
}

function subjectOf(authorization: string | undefined): string | undefined {
  const payload = /^(?:Bearer|DPoP) [^.]+\.([^.]+)\./.exec(authorization ?? '')?.[1];
  return payload && String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub);
}
