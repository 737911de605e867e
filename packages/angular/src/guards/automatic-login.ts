// A page can navigate to a protected page by itself after a failed login. If the provider then returns the same error, the
// next page does so again, in a loop. The record of this tab allows one such login until the user is signed in.

/** What is known about the cause of a navigation. */
export interface NavigationCause {
  /** Whether this document has shown a page of the application before. */
  readonly isPageShown: boolean;
  /** When the user last gave input to this document. `unknown` if the browser does not tell. */
  readonly input: 'recent' | 'earlier' | 'none' | 'unknown';
}

/**
 * Finds the cause of the current navigation.
 *
 * Input to the previous page of the tab does not count: for the first page of a document, Chromium reports it as
 * `hasBeenActive`, and Firefox even as `isActive`. The first navigation has the number 1; if another guard redirects it, it
 * has a later one.
 *
 * @see https://html.spec.whatwg.org/multipage/interaction.html#the-useractivation-interface
 */
export function findNavigationCause(navigation: {
  readonly id: number | undefined;
  readonly isPageShown: boolean;
}): NavigationCause {
  const { isPageShown } = navigation;
  const { userActivation } = navigator;
  if (!userActivation) return { isPageShown, input: 'unknown' };
  if (userActivation.isActive && navigation.id !== 1) return { isPageShown, input: 'recent' };
  return { isPageShown, input: userActivation.hasBeenActive ? 'earlier' : 'none' };
}

/**
 * Decides whether a guard starts a login again after a failed one. Allowed without a limit if the user has caused the
 * navigation, and once if the user may have caused it: for example if the application asks a question first.
 */
export function isRestartAllowed(clientName: string, { isPageShown, input }: NavigationCause): boolean {
  const isOnce = isPageShown ? input === 'earlier' : input === 'recent';
  if (isOnce) return recordAutomaticLogin(clientName);
  return isPageShown && (input === 'recent' || input === 'unknown');
}

const createName = (clientName: string) => `countersign guard ${clientName}`;

/** @returns false if there was an automatic login since the user was last signed in, or this tab cannot record it */
function recordAutomaticLogin(clientName: string): boolean {
  const name = createName(clientName);
  try {
    if (sessionStorage.getItem(name) !== null) return false;
    sessionStorage.setItem(name, '1');
    return true;
  } catch {
    return false;
  }
}

export function deleteAutomaticLogin(clientName: string): void {
  try {
    sessionStorage.removeItem(createName(clientName));
  } catch {
    // Denied: then there is no record either.
  }
}
