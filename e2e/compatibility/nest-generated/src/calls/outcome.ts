/** The result of a call. Any other text is a failure that is shown in the message of the test. */
export type Outcome = 'ok' | 'unauthenticated' | 'forbidden' | (string & {});

export type Call = (token?: string) => Promise<Outcome>;

const messages: readonly (readonly [RegExp, Outcome])[] = [
  [/^(?:An access token is required|The signature of the access token is not valid)$/, 'unauthenticated'],
  [/^The access token lacks the scope 'items:write'$/, 'forbidden'],
];

/** Reads the outcome from the message of a rejection. */
export const readMessage = (message: unknown): Outcome =>
  messages.find(([pattern]) => pattern.test(String(message)))?.[1] ?? `unexpected: ${String(message)}`;

export const toHeaders = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };
