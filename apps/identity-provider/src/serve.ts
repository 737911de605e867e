import type Provider from 'oidc-provider';
import { errorPage } from './pages/error.ts';
import { homePage } from './pages/home.ts';
import { showPage } from './pages/layout.ts';

/**
 * For the few pages that the library writes itself (they post a form at once): nothing from elsewhere, no framing. The
 * library adds the hash of its script. Our own pages replace this with a stricter policy.
 */
const libraryPolicy = "default-src 'none'; script-src; base-uri 'none'; frame-ancestors 'none'";

/** What holds for every answer, and who is answered at all. */
export function guardRequests(provider: Provider): void {
  const { host: expected } = new URL(provider.issuer);
  provider.use(async (ctx, next) => {
    ctx.set({
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Content-Security-Policy': libraryPolicy,
    });
    // One name only: endpoints and cookies follow the name in the request, and a name of another site that leads to
    // this machine (DNS rebinding) gets nothing.
    if (ctx.host !== expected && ctx.path !== '/health') {
      ctx.status = 421;
      ctx.body = `This provider is ${provider.issuer}; use that name to reach it.\n`;
      return;
    }
    await next();
  });
}

/** A sign of life, a page for the curious, and a page for a wrong address. */
export function serveEverythingElse(provider: Provider): void {
  provider.use(async (ctx, next) => {
    if (ctx.path === '/health') {
      ctx.body = { status: 'ok' };
      return;
    }
    if (ctx.path === '/' && (ctx.method === 'GET' || ctx.method === 'HEAD')) {
      return showPage(ctx, homePage(provider.issuer));
    }
    await next();
    const unanswered = ctx.status === 404 && ctx.body == null && ctx.respond !== false;
    if (unanswered && ctx.accepts('json', 'html') === 'html') showPage(ctx, errorPage('not_found'), 404);
  });
}
