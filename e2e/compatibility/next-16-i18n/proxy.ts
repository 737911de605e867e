import { type NextRequest, NextResponse } from 'next/server';
import { auth } from './lib/auth';

export const proxy = (request: NextRequest) =>
  auth.proxy(request, { protect: ['/orders'], respond: rememberLanguage });

/** Custom behavior of the application: stores the language and passes it to the page. */
function rememberLanguage(request: NextRequest): Response {
  const headers = new Headers(request.headers);
  headers.set('x-language', request.nextUrl.locale);
  const response = NextResponse.next({ request: { headers } });
  response.cookies.set('language', request.nextUrl.locale);
  return response;
}

export const config = { matcher: ['/((?!_next/static|_next/image|.*\\.(?:svg|ico|txt)$).*)'] };
