/** An OAuth error response (RFC 6749 section 5.2). */
export class OAuthError extends Error {
  readonly error: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Members besides `error` and `error_description`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    error: string,
    description: string,
    status = 400,
    headers: Record<string, string> = {},
    members: Record<string, unknown> = {},
  ) {
    super(description);
    this.error = error;
    this.status = status;
    this.headers = headers;
    this.members = members;
  }
}

export const noStore = { 'cache-control': 'no-store' } as const;

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...noStore, ...headers },
  });
}
