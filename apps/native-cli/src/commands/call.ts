import { CommandError, UsageError } from '../exit.ts';
import { type Output, printable } from '../output.ts';
import type { Session } from '../session.ts';
import { tokensOf } from './tokens.ts';

export interface CallOptions {
  readonly method?: string | undefined;
  /** A JSON text. */
  readonly data?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds until the API must have answered. */
const timeout = 15_000;

/** Calls the API with the access token, which is refreshed first only if it has expired. Returns the status. */
export async function call(
  session: Session,
  output: Output,
  path: string,
  options: CallOptions = {},
): Promise<number> {
  const { config, coordinator, file } = session;
  const url = URL.canParse(path, config.apiUrl) ? new URL(path, config.apiUrl) : undefined;
  // Parsed, then compared: "//evil.example" and "https:evil.example" lead elsewhere, and the token must not go there.
  if (url?.origin !== config.apiUrl.origin) {
    throw new UsageError(
      `"${path}" is not a path of the API at ${config.apiUrl.origin}. The token goes nowhere else.`,
    );
  }
  const body = options.data === undefined ? undefined : requireJson(options.data);
  await tokensOf(session);
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
    { status: response.status, body: parsed(text), ...(challenge !== null && { challenge }) },
    printable(
      [`${response.status} ${url.pathname}`, ...(challenge ? [challenge] : []), pretty(text)].join('\n'),
    ),
  );
  return response.status;
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch {
    throw new CommandError('api_unreachable', `The API at ${url.origin} did not answer.`);
  }
}

function requireJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw new UsageError('--data must be JSON.');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const pretty = (text: string) => {
  const value = parsed(text);
  return typeof value === 'string' ? text : JSON.stringify(value, undefined, 2);
};
