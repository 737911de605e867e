import { TransportError } from '@countersign/core';

/** The error codes of Redis and Valkey that an administrator can act on. They begin the message of a reply. */
const replyCodes =
  /\b(?:BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOAUTH|NOPERM|NOREPLICAS|OOM|READONLY|TRYAGAIN|WRONGPASS)\b/;

/** The codes of Node for a connection, and those of OpenSSL. */
const connectionCode = /^(?:E[A-Z_]{3,30}|ERR_(?:SSL|TLS)_[A-Z_]{3,60})$/;

/**
 * Returns the code of an error of a client, if it is known: that of the reply, or that of the connection. The message of
 * the client can contain a key or a value, and is not used.
 *
 * @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
 */
export function findFailureCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  if (typeof code === 'string' && connectionCode.test(code)) return code;
  return typeof message === 'string' ? replyCodes.exec(message.slice(0, 500))?.[0] : undefined;
}

/** Whether an error is the reply of a server. */
export const isReplyError = (error: unknown): boolean => {
  const code = findFailureCode(error);
  return code !== undefined && !connectionCode.test(code);
};

export const unavailable = (problem: string): TransportError =>
  new TransportError('store_unavailable', `Redis ${problem}`);
