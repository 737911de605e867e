import { seconds } from '../../internal/clock.ts';
import { parseUntrustedObject } from '../../internal/json/untrusted-json.ts';
import { isTransactionExpired } from '../../protocol/login/authorization-transaction.ts';
import type { BrowserContext } from '../options.ts';
import type { BrowserTransaction } from './browser-transaction.ts';

/** Logins in progress in one tab. The oldest are deleted. */
const maxTransactions = 8;

const createName = (context: BrowserContext, state: string) => `${context.prefix}login ${state}`;

const createPendingName = ({ prefix }: BrowserContext) => `${prefix}pending`;

/**
 * Stores a transaction under its state in the storage of this tab. Concurrent logins do not affect each other.
 *
 * @returns false if the transaction is lost when the page is left
 */
export function saveTransaction(context: BrowserContext, transaction: BrowserTransaction): boolean {
  const { tabItems } = context;
  const prefix = createName(context, '');
  const names = tabItems.names().filter((name) => name.startsWith(prefix));
  const readCreatedAt = (name: string) => readTransaction(context, name)?.createdAt ?? 0;
  names.sort((a, b) => readCreatedAt(b) - readCreatedAt(a));
  for (const name of names.slice(maxTransactions - 1)) tabItems.remove(name);
  tabItems.set(createPendingName(context), String(transaction.createdAt));
  return tabItems.set(prefix + transaction.state, JSON.stringify(transaction));
}

/** Checks that this tab has left the page for a login whose response is still missing. */
export function isLoginPending(context: BrowserContext): boolean {
  const startedAt = context.tabItems.get(createPendingName(context));
  return startedAt !== undefined && !isTransactionExpired(Number(startedAt), seconds(context.now));
}

/** Called when a page of the application was opened without a response: the user has left the provider. */
export function deletePendingLogin(context: BrowserContext): void {
  context.tabItems.remove(createPendingName(context));
}

/** Deletes and returns a transaction. Called before the response is validated, so that a transaction is used once. */
export function takeTransaction(
  context: BrowserContext,
  state: string | null,
): BrowserTransaction | undefined {
  const name = createName(context, state ?? '');
  const transaction = readTransaction(context, name);
  context.tabItems.remove(name);
  deletePendingLogin(context);
  return transaction;
}

/** Returns `undefined` if there is no transaction, or the value is malformed. */
function readTransaction({ tabItems }: BrowserContext, name: string): BrowserTransaction | undefined {
  try {
    return parseUntrustedObject(tabItems.get(name) ?? '') as unknown as BrowserTransaction;
  } catch {
    return undefined;
  }
}
