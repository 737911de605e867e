import type { NextRequest } from 'next/server';
import { auth } from './lib/auth';

export function proxy(request: NextRequest) {
  return auth.proxy(request, { protect: ['/dashboard', '/import', '/profile'] });
}

export const config = {
  matcher: ['/((?!_next/static|_next/image|.*\\.(?:svg|ico|txt)$).*)'],
};
