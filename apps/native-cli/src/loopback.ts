import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CommandError } from './exit.ts';
import { alreadyUsed, notFound, notOurs, type Page, pageHeaders, renderPage } from './pages.ts';

export interface LoopbackListener {
  /** `http://127.0.0.1:<port>/callback` */
  readonly redirectUri: string;
  /**
   * Waits for the answer to one login and shows its outcome in the browser.
   *
   * @param handle is called once, with the answer that has the right `state`
   * @throws CommandError `login_timeout` or `interrupted`; whatever `handle` throws
   */
  receive<T>(login: {
    readonly state: string;
    /** Milliseconds. */
    readonly timeout: number;
    readonly signal?: AbortSignal | undefined;
    readonly handle: (response: URLSearchParams) => Promise<T>;
    readonly pageOf: (outcome: { readonly error?: unknown }) => Page;
    /** An answer with another `state` was refused. */
    readonly onForeign?: () => void;
  }): Promise<T>;
  close(): Promise<void>;
}

/**
 * Listens for the redirect, on the loopback interface only and on a port that the system chooses.
 *
 * @see RFC 8252 sections 7.3 and 8.3: the literal address, not "localhost", which could be resolved to another interface
 */
export async function listenOnLoopback(): Promise<LoopbackListener> {
  let onCallback: ((response: URLSearchParams) => Promise<Page>) | undefined;
  const server = createServer(async (request, response) => {
    // A name that was rebound to this address is not ours.
    const foreign = request.headers.host !== host;
    const url = URL.canParse(request.url ?? '', origin) ? new URL(request.url ?? '', origin) : undefined;
    if (foreign || request.method !== 'GET' || url?.pathname !== '/callback') return show(response, notFound);
    show(response, onCallback ? await onCallback(url.searchParams) : notFound);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;

  return {
    redirectUri: `${origin}/callback`,
    receive({ state, timeout, signal, handle, pageOf, onForeign }) {
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
          `No answer came within ${timeout / 1000} seconds.`,
        );
        signal?.addEventListener('abort', interrupt, { once: true });
        const settle = (done: () => void) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', interrupt);
          done();
        };
        onCallback = async (response) => {
          if (consumed) return alreadyUsed;
          // RFC 8252 section 8.9 and RFC 9700 section 4.7: any page can call this port. What does not know the state
          // neither ends the login nor gets into it.
          const states = response.getAll('state');
          if (states.length !== 1 || states[0] !== state) {
            onForeign?.();
            return notOurs;
          }
          // Consumed before it is validated: it can be tried once only.
          consumed = true;
          clearTimeout(timer);
          try {
            const result = await handle(response);
            settle(() => resolve(result));
            return pageOf({});
          } catch (error) {
            settle(() => reject(error));
            return pageOf({ error });
          }
        };
      });
    },
    // The page that is being sent still arrives.
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function show(response: ServerResponse, page: Page): void {
  response.writeHead(page.status, pageHeaders).end(renderPage(page));
}
