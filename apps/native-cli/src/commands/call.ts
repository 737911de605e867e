import { CommandError, UsageError } from '../exit.ts';
import { type Output, toPrintable } from '../output.ts';
import type { Session } from '../session.ts';
import { readTokens } from './tokens.ts';

export interface CallOptions {
  readonly method?: string | undefined;
  /** The request body as JSON. */
  readonly data?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Timeout of the request in milliseconds. */
const timeout = 15_000;

/** Calls the API and returns the HTTP status. An expired access token is refreshed first. */
export async function call(
  session: Session,
  output: Output,
  path: string,
  options: CallOptions = {},
): Promise<number> {
  const { config, coordinator, file } = session;
  const url = URL.canParse(path, config.apiUrl) ? new URL(path, config.apiUrl) : undefined;
  // The parsed origin is compared: "//evil.example" and "https:evil.example" resolve to another origin, to which the
  // token must not be sent.
  if (url?.origin !== config.apiUrl.origin) {
    throw new UsageError(
      `"${path}" is not a path of the API at ${config.apiUrl.origin}. The token is sent only to the API.`,
    );
  }
  const body = options.data === undefined ? undefined : checkJson(options.data);
  await readTokens(session);
  const { accessToken } = await coordinator.getAccessToken(file.holder, { resource: config.resource });
  const response = await send(url, {
    method: options.method?.toUpperCase() ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${accessToken.accessToken}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
    redirect: 'manual',
    signal: AbortSignal.any([AbortSignal.timeout(timeout), ...(options.signal ? [options.signal] : [])]),
  });
  const text = await response.text();
  const challenge = response.headers.get('www-authenticate');
  output.result(
    { status: response.status, body: parseBody(text), ...(challenge !== null && { challenge }) },
    toPrintable(
      [`${response.status} ${url.pathname}`, ...(challenge ? [challenge] : []), formatBody(text)].join('\n'),
    ),
  );
  return response.status;
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new CommandError('api_unreachable', `The API at ${url.origin} did not respond.`);
  }
}

function checkJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new UsageError('--data must be JSON.');
  }
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const formatBody = (text: string) => {
  const value = parseBody(text);
  return typeof value === 'string' ? text : JSON.stringify(value, undefined, 2);
};
