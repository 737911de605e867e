import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Visit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The form of a POST request. */
  readonly form?: FormData | URLSearchParams;
  /** Another body. */
  readonly body?: string;
  /** Replaces the stored cookies for this request. */
  readonly cookie?: string;
}

export interface VisitedPage {
  readonly status: number;
  readonly location: URL | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly html: string;
}

/** Sends requests with cookies, as a browser does. */
export interface HttpBrowser {
  /** Returns the `Cookie` header. */
  readonly cookies: () => string;
  /** Navigates and stores the cookies of the response. Does not follow redirects. */
  readonly visit: (path: string | URL, options?: Visit) => Promise<VisitedPage>;
}

/**
 * Creates a browser without cookies.
 *
 * @param host - The `Host` header of its requests. Default: the host of `origin`.
 */
export function openHttpBrowser(origin: string, host: string = new URL(origin).host): HttpBrowser {
  const jar = new Map<string, string>();
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  return {
    cookies,
    async visit(path, { method, headers = {}, form, body, cookie } = {}) {
      const posted = form && new Response(form);
      const { pathname, search } = new URL(path, origin);
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // `fetch` sends other Sec-Fetch headers than a navigation and cannot set Host.
        const sent = request(new URL(pathname + search, origin), {
          method: method ?? (form ? 'POST' : 'GET'),
          // A server closes an idle connection at any time. Browsers then repeat the request.
          agent: false,
          headers: {
            host,
            accept: 'text/html',
            'sec-fetch-mode': 'navigate',
            cookie: cookie ?? cookies(),
            ...(posted && {
              origin: `http://${host}`,
              'content-type': posted.headers.get('content-type') ?? '',
            }),
            ...headers,
          },
        });
        sent.once('response', resolve).once('error', reject);
        if (posted) posted.bytes().then((bytes) => sent.end(bytes), reject);
        else sent.end(body);
      });
      for (const header of cookie === undefined ? (response.headers['set-cookie'] ?? []) : []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
        if (value === '' || /max-age=0\b/i.test(header)) jar.delete(name);
        else jar.set(name, value);
      }
      const { location } = response.headers;
      return {
        status: response.statusCode ?? 0,
        location: location === undefined ? undefined : new URL(location, `http://${host}`),
        headers: response.headers,
        html: await text(response),
      };
    },
  };
}
