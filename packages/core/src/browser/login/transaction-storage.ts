import { parseUntrustedObject } from '../../internal/json/untrusted-json.ts';
import type { BrowserContext } from '../options.ts';
import type { BrowserTransaction } from './browser-transaction.ts';

/** Logins in progress in one tab. The oldest are deleted. */
const maxTransactions = 8;

const createName = (context: BrowserContext, state: string) => `${context.prefix}login ${state}`;

/** Stores a transaction under its state in the storage of this tab. Concurrent logins do not affect each other. */
export function saveTransaction(context: BrowserContext, transaction: BrowserTransaction): void {
  const prefix = createName(context, '');
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith(prefix));
  const readCreatedAt = (name: string) => readTransaction(name)?.createdAt ?? 0;
  names.sort((a, b) => readCreatedAt(b) - readCreatedAt(a));
  for (const name of names.slice(maxTransactions - 1)) sessionStorage.removeItem(name);
  sessionStorage.setItem(prefix + transaction.state, JSON.stringify(transaction));
}

/** Deletes and returns a transaction. Called before the response is validated, so that a transaction is used once. */
export function takeTransaction(
  context: BrowserContext,
  state: string | null,
): BrowserTransaction | undefined {
  const name = createName(context, state ?? '');
  const transaction = readTransaction(name);
  sessionStorage.removeItem(name);
  return transaction;
}

/** Returns `undefined` if there is no transaction, or the value is malformed. */
function readTransaction(name: string): BrowserTransaction | undefined {
  try {
    return parseUntrustedObject(sessionStorage.getItem(name) ?? '') as unknown as BrowserTransaction;
  } catch {
    return undefined;
  }
}
