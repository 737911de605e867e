import type Provider from 'oidc-provider';
import { errorPage } from '../pages/error.ts';
import { homePage } from '../pages/home.ts';
import { showPage } from '../pages/layout.ts';

/**
 * The policy for the pages of the library, which submit a form automatically: no external content, no framing. The
 * library adds the hash of its script. The pages of this app replace it with a stricter policy.
 */
const libraryPolicy = "default-src 'none'; script-src; base-uri 'none'; frame-ancestors 'none'";

/** Sets the headers that all responses share, and rejects requests to other host names. */
export function guardRequests(provider: Provider): void {
  const { host: expected } = new URL(provider.issuer);
  provider.use(async (ctx, next) => {
    ctx.set({
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': libraryPolicy,
    });
    // Only the issuer's host name is served: endpoints and cookies are derived from the host name of the request. This
    // also rejects host names of other sites that resolve to this machine (DNS rebinding).
    if (ctx.host !== expected && ctx.path !== '/health') {
      ctx.status = 421;
      ctx.body = `The host of this provider is ${expected}. Use ${provider.issuer} to reach it.\n`;
      return;
    }
    await next();
  });
}

/** Serves the health check, the home page, and the page for unknown addresses. */
export function serveCommonRoutes(provider: Provider): void {
  provider.use(async (ctx, next) => {
    if (ctx.path === '/health') {
      ctx.body = { status: 'ok' };
      return;
    }
    if (ctx.path === '/' && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      return showPage(ctx, homePage(provider.issuer));
    }
    await next();
    const isUnhandled = ctx.status === 404 && ctx.body == null && ctx.respond !== false;
    if (isUnhandled && ctx.accepts('json', 'html') === 'html') showPage(ctx, errorPage('not_found'), 404);
  });
}
