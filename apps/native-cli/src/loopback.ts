import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError } from './exit.ts';
import {
  alreadyUsedPage,
  notFoundPage,
  type Page,
  pageHeaders,
  renderPage,
  stateMismatchPage,
} from './pages.ts';

export interface LoopbackListener {
  /** `http://127.0.0.1:<port>/callback` */
  readonly redirectUri: string;
  /**
   * Waits for the authorization response of one login and shows the result in the browser.
   *
   * @param handle is called once, with the response that contains the expected `state`
   * @throws CommandError `login_timeout` or `interrupted`; errors of `handle`
   */
  receive<T>(login: {
    readonly state: string;
    /** Milliseconds. */
    readonly timeout: number;
    readonly signal?: AbortSignal | undefined;
    readonly handle: (response: URLSearchParams) => Promise<T>;
    readonly createPage: (outcome: { readonly error?: unknown }) => Page;
    /** Called when a response with another `state` was rejected. */
    readonly onStateMismatch?: () => void;
  }): Promise<T>;
  close(): Promise<void>;
}

/**
 * Listens for the redirect, on the loopback interface only. The host is the literal address: "localhost" could resolve to
 * another interface.
 *
 * @param port 0: the operating system chooses the port. Another value is for providers that compare the port with the
 *   registered redirect URI, although RFC 8252 requires them to allow each port.
 * @throws CommandError `port_unavailable`
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-8.3
 */
export async function listenOnLoopback(port: number): Promise<LoopbackListener> {
  let onCallback: ((response: URLSearchParams) => Promise<Page>) | undefined;
  const server = createServer(async (request, response) => {
    // Rejects a host name of another site that resolves to this address (DNS rebinding).
    const isForeignHost = request.headers.host !== host;
    const url = URL.canParse(request.url ?? '', origin) ? new URL(request.url ?? '', origin) : undefined;
    if (isForeignHost || request.method !== 'GET' || url?.pathname !== '/callback')
      return sendPage(response, notFoundPage);
    sendPage(response, onCallback ? await onCallback(url.searchParams) : notFoundPage);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new CommandError('port_unavailable', `Port ${port} cannot be used: ${error.code}.`)),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;

  return {
    redirectUri: `${origin}/callback`,
    receive({ state, timeout, signal, handle, createPage, onStateMismatch }) {
      return new Promise((resolve, reject) => {
        let consumed = false;
        const stop = (code: string, message: string) => {
          consumed = true;
          settle(() => reject(new CommandError(code, message)));
        };
        const interrupt = () => stop('interrupted', 'Interrupted.');
        const timer = setTimeout(
          stop,
          timeout,
          'login_timeout',
          `No authorization response was received within ${timeout / 1000} seconds.`,
        );
        signal?.addEventListener('abort', interrupt, { once: true });
        const settle = (done: () => void) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', interrupt);
          done();
        };
        onCallback = async (response) => {
          if (consumed) return alreadyUsedPage;
          // RFC 8252 section 8.9 and RFC 9700 section 4.7: any page can send requests to this port. A request without
          // the expected state does not end the login and is not used.
          const states = response.getAll('state');
          if (states.length !== 1 || states[0] !== state) {
            onStateMismatch?.();
            return stateMismatchPage;
          }
          // The state is consumed before the response is validated, so that it is used once only.
          consumed = true;
          clearTimeout(timer);
          try {
            const result = await handle(response);
            settle(() => resolve(result));
            return createPage({});
          } catch (error) {
            settle(() => reject(error));
            return createPage({ error });
          }
        };
      });
    },
    // Open responses are completed first.
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function sendPage(response: ServerResponse, page: Page): void {
  response.writeHead(page.status, pageHeaders).end(renderPage(page));
}
