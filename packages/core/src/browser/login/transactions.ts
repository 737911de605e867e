import { parseUntrustedObject } from '../../internal/json/untrusted-json.ts';
import type { BrowserContext } from '../options.ts';
import type { BrowserTransaction } from './authorization.ts';

/** Logins under way in one tab at most; the oldest are forgotten. */
const maxTransactions = 8;

const nameOf = (context: BrowserContext, state: string) => `${context.prefix}login ${state}`;

/** One entry for each state, in this tab's storage: logins that run beside each other do not disturb each other. */
export function keepTransaction(context: BrowserContext, transaction: BrowserTransaction): void {
  const prefix = nameOf(context, '');
  const names = Object.keys(sessionStorage).filter((name) => name.startsWith(prefix));
  const age = (name: string) => read(name)?.createdAt ?? 0;
  names.sort((a, b) => age(b) - age(a));
  for (const name of names.slice(maxTransactions - 1)) sessionStorage.removeItem(name);
  sessionStorage.setItem(prefix + transaction.state, JSON.stringify(transaction));
}

/** Takes a transaction out, before anything of the answer is believed: it is of use once only. */
export function takeTransaction(
  context: BrowserContext,
  state: string | null,
): BrowserTransaction | undefined {
  const name = nameOf(context, state ?? '');
  const kept = read(name);
  sessionStorage.removeItem(name);
  return kept;
}

/** `undefined` where there is none, or what is there was not written by {@link keepTransaction}. */
function read(name: string): BrowserTransaction | undefined {
  try {
    return parseUntrustedObject(sessionStorage.getItem(name) ?? '') as unknown as BrowserTransaction;
  } catch {
    return undefined;
  }
}
