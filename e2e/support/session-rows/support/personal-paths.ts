/** Pages that depend on the user, of the App Router and of the Pages Router. */
export const personalPages: readonly string[] = ['/items', '/account', '/uncovered/account'];

/** Paths whose responses depend on the user. */
export const personal: readonly string[] = [
  ...personalPages,
  '/api/plain',
  '/api/protected',
  '/api/uncovered/protected',
  '/api/uncovered/own',
  '/api/uncovered/plain',
  '/api/uncovered/forwarded',
  '/api/pages/me',
  '/auth/session',
  '/auth/access-token',
  '/auth/unknown',
  '/auth/logout',
];
