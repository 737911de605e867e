import { createServer } from 'node:http';
import {
  AuthError,
  type AuthEvent,
  type Client,
  type ClientOptions,
  createClient,
  LoginRequiredError,
} from '@countersign/core';
import { createWebSessions, serializeCookie } from '@countersign/core/session';

/** One deployment of the application, with its own clock. */
export interface Deployment {
  readonly client: Client;
  readonly events: AuthEvent[];
  /** Moves the clock of the application, in seconds. */
  readonly advance: (seconds: number) => void;
}

export interface DeploymentSettings {
  /** False: logout tokens do not reach the application. Default: true. */
  readonly receivesLogoutTokens?: boolean;
}

export interface Application {
  readonly origin: string;
  /** Replaces the running deployment. Sessions continue, as after a restart. */
  readonly deploy: (options: ClientOptions, settings?: DeploymentSettings) => Deployment;
  readonly close: () => void;
}

/** Starts a web application with sessions of `@countersign/core/session`. */
export async function startApplication(port: number): Promise<Application> {
  const origin = `http://localhost:${port}`;
  let handle: (request: Request) => Promise<Response> = async () => new Response(null, { status: 503 });
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers))
      for (const each of [value ?? []].flat()) headers.append(name, each);
    const { method = 'GET', url = '/' } = incoming;
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const response = await handle(
      new Request(origin + url, { method, headers, ...(hasBody && { body: Buffer.concat(chunks) }) }),
    );
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
  return {
    origin,
    deploy(options, { receivesLogoutTokens = true } = {}) {
      let offset = 0;
      const events: AuthEvent[] = [];
      const client = createClient({
        ...options,
        now: () => Date.now() + offset * 1000,
        onEvent: (event) => events.push(event),
      });
      const respond = createHandler(client, origin);
      handle = async (request) =>
        receivesLogoutTokens || !request.url.endsWith('/backchannel-logout')
          ? respond(request)
          : new Response(null, { status: 503 });
      return { client, events, advance: (seconds) => (offset += seconds) };
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function createHandler(client: Client, baseUrl: string): (request: Request) => Promise<Response> {
  const sessions = createWebSessions(client, { secret: 'a-secret-for-tests-that-has-32-bytes-', baseUrl });
  return async (request) => {
    const response = await sessions.handle(request);
    if (response) return response;
    const { pathname } = new URL(request.url);
    const session = await sessions.open(request.headers.get('cookie'));
    const respond = (body: object, status = 200) => {
      const page = Response.json(body, { status });
      for (const cookie of session.cookies) page.headers.append('set-cookie', serializeCookie(cookie));
      return page;
    };
    if (pathname !== '/token') return respond({ sub: session.session?.user.sub ?? null });
    try {
      const { accessToken } = await session.getAccessToken();
      return respond({ accessToken });
    } catch (error) {
      const code = error instanceof AuthError ? error.code : String(error);
      return respond({ code }, error instanceof LoginRequiredError ? 401 : 502);
    }
  };
}
