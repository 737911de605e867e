import { type NextRequest, NextResponse } from 'next/server';
import { auth0 } from './lib/auth0';
import { auth as authjs } from './lib/authjs';
import { auth as countersign } from './lib/countersign';

/** The proxy of each library, as its documentation describes it. */
export async function proxy(request: NextRequest) {
  const [, library] = request.nextUrl.pathname.split('/');
  if (library === 'countersign') return countersign.proxy(request, { protect: ['/countersign'] });
  if (library === 'auth0') return auth0.middleware(request);
  if (library === 'authjs') return authjs(request as never, {} as never) as unknown as Promise<Response>;
  return NextResponse.next();
}

// The application serves requests with a proxy and without: a header of the request selects it.
export const config = { matcher: [{ source: '/:path*', has: [{ type: 'header', key: 'x-proxy' }] }] };
