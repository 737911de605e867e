import { type NextRequest, NextResponse } from 'next/server';
import { auth } from './lib/auth';

export function proxy(request: NextRequest) {
  // Next writes the `Cookie` header of the request anew.
  if (request.headers.get('x-change') === 'cookies') request.cookies.set('theme', 'dark');
  return auth.proxy(request, {
    protect: (candidate) => {
      if (candidate.headers.get('x-throw') === 'protect') throw new TypeError('text of another user');
      return candidate.nextUrl.pathname.startsWith('/items');
    },
    // The stream routes refresh in their handlers.
    tokens: /^\/api\/(?!refreshed\/)/.test(request.nextUrl.pathname) ? [] : [{}],
    ...(request.headers.get('x-throw') === 'respond' && {
      respond: () => {
        throw new TypeError('text of another user');
      },
    }),
    ...(request.headers.get('x-throw') === 'nothing' && { respond: () => NextResponse.next() }),
  });
}

// Some routes are not covered by the proxy.
export const config = {
  matcher: ['/((?!_next/static|uncovered|api/uncovered|api/pages|api/gate|api/faults).*)'],
};
