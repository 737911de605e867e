import type { NextRequest } from 'next/server';
import { auth } from './lib/auth';
import { customProxy, onUnauthenticated } from './lib/custom-proxy';

export async function proxy(request: NextRequest) {
  const response = await auth.proxy(request, {
    protect: ['/dashboard', '/de/dashboard', '/orders', '/members'],
    publicPaths: ['/members/terms'],
    onUnauthenticated,
    respond: customProxy,
  });
  response.headers.set('x-runtime', 'nodejs');
  return response;
}

export const config = {
  matcher: ['/', '/((?!_next/static|_next/image|.*\\.(?:svg|ico|txt)$).*)'],
};
