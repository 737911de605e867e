import { type NextRequest, NextResponse } from 'next/server.js';

/** Redirects pages to the login. A script or another program gets a response that it can handle. */
export function rejectRequest(request: NextRequest, loginUrl: URL, code: string): Response {
  const { headers, method, nextUrl } = request;
  // Next's router calls an action, and navigates to the URL in this header, as after `redirect()` in an action.
  if (headers.has('next-action')) {
    const location = `${loginUrl.pathname}${loginUrl.search};push`;
    return new NextResponse(null, { status: 303, headers: { 'x-action-redirect': location } });
  }
  const isForm = method === 'POST' && headers.get('sec-fetch-mode') === 'navigate';
  const isRead = method === 'GET' || method === 'HEAD';
  if (isForm || (isRead && !nextUrl.pathname.startsWith('/api/'))) {
    return NextResponse.redirect(loginUrl, isForm ? 303 : 307);
  }
  return NextResponse.json({ error: code }, { status: 401 });
}
