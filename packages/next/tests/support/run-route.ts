import { AppRouteRouteModule } from 'next/dist/server/route-modules/app-route/module.js';
import { NextRequest } from 'next/server.js';

type Handler = (request: Request) => Promise<Response>;

/** Runs a route handler in Next's own module for routes. Returns the response as Next sends it. */
export function runRoute(handle: Handler, url: string, headers: Record<string, string>): Promise<Response> {
  const page = { kind: 'APP_ROUTE', page: '/api/item/route', pathname: '/api/item' };
  const routeModule = new AppRouteRouteModule({
    definition: { ...page, filename: 'route', bundlePath: 'app/api/item/route' },
    userland: () => ({ GET: handle, dynamic: 'force-dynamic' }),
    distDir: '.next',
    relativeProjectDir: '',
    resolvedPagePath: 'app/api/item/route.ts',
    nextConfigOutput: undefined,
  } as never);
  return routeModule.handle(new NextRequest(url, { headers }), {
    sharedContext: { buildId: 'build' },
    renderOpts: { experimental: {}, supportsDynamicResponse: true, onClose: () => {} },
  } as never);
}
