import { type NextRequest, NextResponse } from 'next/server';
import { auth } from './lib/auth';

export function proxy(request: NextRequest) {
  return auth.proxy(request, {
    protect: (asked) => {
      if (asked.headers.get('x-throw') === 'protect') throw new TypeError('text of another');
      return asked.nextUrl.pathname.startsWith('/items');
    },
    // The routes of the streams refresh for themselves.
    tokens: request.nextUrl.pathname.startsWith('/api/') ? [] : [{}],
    ...(request.headers.get('x-throw') === 'respond' && {
      respond: () => {
        throw new TypeError('text of another');
      },
    }),
    ...(request.headers.get('x-throw') === 'nothing' && { respond: () => NextResponse.next() }),
  });
}

// Some routes are not covered: they have to do without.
export const config = { matcher: ['/((?!_next/static|api/uncovered|api/pages|api/gate).*)'] };
