import type { NextRequest } from 'next/server';
import { auth } from './lib/auth';
import { customProxy, onUnauthenticated } from './lib/custom-proxy';
import { memoryAuth } from './lib/memory-auth';

declare const EdgeRuntime: string | undefined;

export async function middleware(request: NextRequest) {
  if (request.nextUrl.pathname.startsWith('/memory/'))
    return memoryAuth.proxy(request, { protect: ['/memory/dashboard'] });
  const response = await auth.proxy(request, {
    protect: ['/dashboard', '/de/dashboard', '/orders', '/members'],
    publicPaths: ['/members/terms'],
    // The handlers of late work find an expired token.
    tokens: request.nextUrl.pathname.startsWith('/late/') ? [] : [{}],
    onUnauthenticated,
    respond: customProxy,
  });
  response.headers.set('x-runtime', typeof EdgeRuntime === 'string' ? 'edge' : 'nodejs');
  return response;
}

export const config = {
  runtime: 'nodejs',
  matcher: ['/', '/((?!_next/static|_next/image|.*\\.(?:svg|ico|txt)$).*)'],
};
