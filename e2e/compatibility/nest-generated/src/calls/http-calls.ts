import { request } from 'node:http';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Call, type Outcome, readMessage, toHeaders } from './outcome.js';

const outcomes: Readonly<Record<number, Outcome>> = {
  200: 'ok',
  201: 'ok',
  401: 'unauthenticated',
  403: 'forbidden',
};

/**
 * Creates a call of a route. For an event stream, it reads only the status. `fetch` cannot set `Host`, so Node's client
 * is used.
 */
export const createRouteCall =
  (url: string, route: string, headers: Record<string, string> = {}): Call =>
  (token) =>
    new Promise((resolve, reject) => {
      const [method, path = ''] = route.split(' ');
      const sent = request(`${url}${path}`, {
        method,
        agent: false,
        headers: { ...headers, ...toHeaders(token) },
      });
      sent.once('response', ({ statusCode = 0 }) => {
        sent.destroy();
        resolve(outcomes[statusCode] ?? `unexpected: status ${statusCode}`);
      });
      sent.once('error', reject);
      sent.end();
    });

interface GraphQLResult {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string }[];
}

const readResult = ({ errors }: GraphQLResult): Outcome => (errors ? readMessage(errors[0]?.message) : 'ok');

/** Creates a call of a GraphQL operation over HTTP. */
export const createOperationCall =
  (url: string, query: string): Call =>
  async (token) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...toHeaders(token) },
      body: JSON.stringify({ query }),
    });
    return readResult((await response.json()) as GraphQLResult);
  };

/** Creates a call of a GraphQL operation over a WebSocket. */
export const createSubscriptionCall =
  (url: string, query: string): Call =>
  async (token) => {
    const client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: toHeaders(token),
      retryAttempts: 0,
    });
    try {
      return await new Promise<Outcome>((resolve) => {
        client.subscribe(
          { query },
          {
            next: (result) => resolve(readResult(result as GraphQLResult)),
            error: (errors) => resolve(readResult({ errors: errors as never })),
            complete: () => {},
          },
        );
      });
    } finally {
      await client.dispose();
    }
  };
