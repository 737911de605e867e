export { proxy as middleware } from './proxy';

// The same paths as in `proxy.ts`: Next reads them without running the file.
export const config = {
  runtime: 'nodejs',
  matcher: ['/((?!_next/static|uncovered|api/uncovered|api/pages|api/gate|api/faults).*)'],
};
