import { type NextRequest, NextResponse } from 'next/server';

/** What an application has of its own beside the login: languages, by the first part of the path. */
export function ownProxy(request: NextRequest): Response {
  const url = request.nextUrl.clone();
  if (!url.pathname.startsWith('/de/')) return NextResponse.next();
  url.pathname = url.pathname.slice('/de'.length);
  const headers = new Headers(request.headers);
  headers.set('x-locale', 'de');
  const response = NextResponse.rewrite(url, { request: { headers } });
  response.cookies.set('locale', 'de');
  return response;
}

/** What an application says itself to who is not signed in; everywhere else the login is right. */
export function onUnauthenticated(request: NextRequest, loginUrl: URL): Response | undefined {
  if (!request.nextUrl.pathname.startsWith('/members')) return undefined;
  return NextResponse.json(
    { membersOnly: true, login: loginUrl.pathname + loginUrl.search },
    { status: 401 },
  );
}
