// A page can navigate to a protected page by itself after a failed login. If the provider then returns the same error, the
// next page does so again, in a loop. The record of this tab allows one such login until the user is signed in.

const createName = (clientName: string) => `countersign guard ${clientName}`;

/** @returns false if there was an automatic login since the user was last signed in, or this tab cannot record it */
export function recordAutomaticLogin(clientName: string): boolean {
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
