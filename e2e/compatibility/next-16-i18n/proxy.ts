import { type NextRequest, NextResponse } from 'next/server';
import { auth } from './lib/auth';

export const proxy = (request: NextRequest) =>
  auth.proxy(request, { protect: ['/orders'], respond: rememberLanguage });

/** What the application has of its own: it remembers the language, and tells it to the page. */
function rememberLanguage(request: NextRequest): Response {
  const headers = new Headers(request.headers);
  headers.set('x-language', request.nextUrl.locale);
  const response = NextResponse.next({ request: { headers } });
  response.cookies.set('language', request.nextUrl.locale);
  return response;
}

export const config = { matcher: ['/((?!_next/static|_next/image|.*\\.(?:svg|ico|txt)$).*)'] };
