/** Paths whose responses depend on the user. */
export const personal = [
  '/items',
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
