/** A request as Node's `http` gives it; `body` is there when a framework has parsed a form already. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
}

/** As much of Node's `ServerResponse` as an answer needs. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/** The headers of a request of Node's own server, as a `Headers` object; several of one name stay several. */
export function headersOfNode(req: NodeRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}

/** Answers a request of Node's `http`, whose form has been parsed, by a handler of `Request` to `Response`. */
export async function answerNode(
  handle: (request: Request) => Promise<Response>,
  req: NodeRequest,
  res: NodeResponse,
): Promise<void> {
  const body = req.method === 'POST' ? new URLSearchParams(fieldsOf(req.body)) : null;
  const url = new URL(req.url ?? '/', 'http://localhost');
  const request = new Request(url, { method: req.method ?? 'GET', headers: headersOfNode(req), body });
  const response = await handle(request);
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') res.setHeader(name, value);
  }
  for (const cookie of response.headers.getSetCookie()) res.appendHeader('set-cookie', cookie);
  res.end(await response.text());
}

const fieldsOf = (body: unknown) =>
  Object.entries((typeof body === 'object' && body) || {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
