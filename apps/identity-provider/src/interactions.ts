import type { InteractionResults, KoaContextWithOIDC, default as Provider } from 'oidc-provider';
import { consentPage } from './pages/consent.ts';
import { contentSecurityPolicy, type Page, renderPage } from './pages/layout.ts';
import { loginPage } from './pages/login.ts';
import { errorPage } from './pages/notices.ts';
import { checkPassword, findUser } from './users.ts';

type Context = Parameters<Parameters<Provider['use']>[0]>[0];

/** Answers with a page: never cached, never framed, nothing from elsewhere. */
export function show(ctx: Context | KoaContextWithOIDC, page: Page, status = 200): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Content-Security-Policy', contentSecurityPolicy(page.script));
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.body = renderPage(page);
}

const route = /^\/interaction\/([\w-]+)(?:\/(confirm|abort))?$/;

/** The pages on which a user signs in and decides, at `/interaction/{uid}`. */
export function serveInteractions(provider: Provider): void {
  provider.use(async (ctx, next) => {
    const [, uid, action] = route.exec(ctx.path) ?? [];
    if (uid === undefined) return next();
    try {
      if (ctx.method === 'GET' && action === undefined)
        return await showInteraction(provider, ctx, `/interaction/${uid}`);
      if (ctx.method !== 'POST') return next();
      if (action === 'abort') {
        return await finish(provider, ctx, {
          error: 'access_denied',
          error_description: 'The user did not agree.',
        });
      }
      if (action === 'confirm') return await confirm(provider, ctx);
      return await signIn(provider, ctx, `/interaction/${uid}`);
    } catch (error) {
      if ((error as { name?: string }).name !== 'SessionNotFound') throw error;
      show(
        ctx,
        errorPage(
          'session_not_found',
          'This page belongs to a sign-in that has ended, or to another browser.',
        ),
        400,
      );
    }
  });
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

async function showInteraction(provider: Provider, ctx: Context, action: string): Promise<void> {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const client = await clientName(provider, details);
  if (details.prompt.name === 'login') {
    const hint = details.params.login_hint;
    return show(ctx, loginPage({ action, client, ...(typeof hint === 'string' && { login: hint }) }));
  }
  const user = findUser(details.session?.accountId ?? '');
  show(ctx, consentPage({ action, client, user: user?.name ?? '', scopes: requestedScopes(details) }));
}

async function signIn(provider: Provider, ctx: Context, action: string): Promise<void> {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const form = await readForm(ctx);
  const login = form.get('login') ?? '';
  const user = checkPassword(login, form.get('password') ?? '');
  if (!user) {
    return show(
      ctx,
      loginPage({ action, client: await clientName(provider, details), login, failed: true }),
      401,
    );
  }
  await finish(provider, ctx, {
    login: { accountId: user.sub, amr: ['pwd'], acr: 'urn:countersign:acr:password' },
  });
}

/** Grants what is asked, as far as the user has the right to it. */
async function confirm(provider: Provider, ctx: Context): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  const user = findUser(session?.accountId ?? '');
  if (prompt.name !== 'consent' || !user) {
    return show(ctx, errorPage('invalid_request', 'Sign in first.'), 400);
  }
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: user.sub, clientId: String(params.client_id) });
  const missing = prompt.details as {
    missingOIDCScope?: string[];
    missingOIDCClaims?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
    const allowed = scopes.filter((scope) => user.scopes.includes(scope));
    const refused = scopes.filter((scope) => !user.scopes.includes(scope));
    if (allowed.length > 0) grant.addResourceScope(resource, allowed.join(' '));
    // Remembered as refused, so that the user is not asked again at every login.
    if (refused.length > 0) grant.rejectResourceScope(resource, refused.join(' '));
  }
  const saved = await grant.save();
  await finish(provider, ctx, { consent: known ? {} : { grantId: saved } });
}

async function finish(provider: Provider, ctx: Context, result: InteractionResults): Promise<void> {
  await provider.interactionFinished(ctx.req, ctx.res, result, {
    mergeWithLastSubmission: result.error === undefined,
  });
  ctx.respond = false;
}

function requestedScopes({ prompt, params }: Details): string[] {
  const details = prompt.details as {
    missingOIDCScope?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  const scopes = [
    ...(details.missingOIDCScope ?? []),
    ...Object.values(details.missingResourceScopes ?? {}).flat(),
  ];
  return [...new Set(scopes.length > 0 ? scopes : String(params.scope ?? '').split(' '))];
}

async function clientName(provider: Provider, { params }: Details): Promise<string> {
  const client = await provider.Client.find(String(params.client_id));
  return client?.clientName ?? client?.clientId ?? 'an app';
}

/** A small form body, bounded. */
async function readForm(ctx: Context): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of ctx.req) {
    body += String(chunk);
    if (body.length > 10_000) ctx.throw(413);
  }
  return new URLSearchParams(body);
}
