import { type NextRequest, NextResponse } from 'next/server';

/** Custom behavior of an application: languages by the first segment of the path. */
export function customProxy(request: NextRequest): Response {
  const url = request.nextUrl.clone();
  if (!url.pathname.startsWith('/de/')) return NextResponse.next();
  url.pathname = url.pathname.slice('/de'.length);
  const headers = new Headers(request.headers);
  headers.set('x-locale', 'de');
  const response = NextResponse.rewrite(url, { request: { headers } });
  response.cookies.set('locale', 'de');
  return response;
}

/** Custom response to signed-out users for some paths. Other paths redirect to the login. */
export function onUnauthenticated(request: NextRequest, loginUrl: URL): Response | undefined {
  if (!request.nextUrl.pathname.startsWith('/members')) return undefined;
  return NextResponse.json(
    { membersOnly: true, login: loginUrl.pathname + loginUrl.search },
    { status: 401 },
  );
}
