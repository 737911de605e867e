import type { InteractionResults, default as Provider } from 'oidc-provider';
import { checkPassword, findUser, type User } from '../data/users.ts';
import type { Context } from '../http/context.ts';
import { consentPage } from '../pages/consent.ts';
import { errorPage } from '../pages/error.ts';
import { showPage } from '../pages/layout.ts';
import { loginPage } from '../pages/login.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const route = /^\/interaction\/([\w-]+)(?:\/(confirm|abort))?$/;

/** Serves the login and consent pages at `/interaction/{uid}`. */
export function serveInteractions(provider: Provider): void {
  provider.use(async (ctx, next) => {
    const [, uid, action] = route.exec(ctx.path) ?? [];
    if (uid === undefined) return next();
    try {
      // The interaction is found by a signed cookie that is limited to this path.
      const interaction = await provider.interactionDetails(ctx.req, ctx.res);
      if (interaction.uid !== uid) return showEndedPage(ctx);
      const operation = `${ctx.method} ${interaction.prompt.name} ${action ?? ''}`.trim();
      switch (operation) {
        case 'GET login':
          return await showLogin(provider, ctx, interaction);
        case 'POST login':
          return await logIn(provider, ctx, interaction);
        case 'GET consent':
          return await showConsent(provider, ctx, interaction);
        case 'POST consent confirm':
          return await grantConsent(provider, ctx, interaction);
        case 'POST login abort':
        case 'POST consent abort':
          return await finish(provider, ctx, {
            error: 'access_denied',
            error_description:
              interaction.prompt.name === 'login' ? 'The user canceled the login' : 'The user denied access',
          });
        default:
          return await next();
      }
    } catch (error) {
      if ((error as { name?: string }).name !== 'SessionNotFound') throw error;
      showEndedPage(ctx);
    }
  });
}

const showEndedPage = (ctx: Context) => showPage(ctx, errorPage('session_not_found'), 400);

async function showLogin(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const hint = interaction.params.login_hint;
  showPage(
    ctx,
    loginPage({
      ...(await createFrame(provider, interaction)),
      login: typeof hint === 'string' ? hint : undefined,
    }),
  );
}

async function logIn(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const form = await readForm(ctx);
  const login = form.get('login') ?? '';
  const user = checkPassword(login, form.get('password') ?? '');
  if (!user) {
    return showPage(
      ctx,
      loginPage({ ...(await createFrame(provider, interaction)), login, failed: true }),
      422,
    );
  }
  await finish(provider, ctx, {
    login: { accountId: user.sub, amr: ['pwd'], acr: 'urn:countersign:acr:password' },
  });
}

async function showConsent(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const user = findUser(interaction.session?.accountId);
  if (!user) return showEndedPage(ctx);
  const { scopes, resourceScopes, claims } = findUndecided(interaction);
  const requested = [...new Set(Object.values(resourceScopes).flat())];
  const { params } = interaction;
  // With `prompt=consent`, and for a native client, consent is asked again: the page lists every scope.
  const isRepeated = scopes.length === 0 && requested.length === 0 && claims.length === 0;
  const all = isRepeated ? String(params.scope ?? '').split(' ') : [...scopes, ...requested];
  showPage(
    ctx,
    consentPage({
      ...(await createFrame(provider, interaction)),
      user,
      scopes: all.filter((scope) => mayGrant(user, scope)),
      withheld: all.filter((scope) => !mayGrant(user, scope)),
      claims,
    }),
  );
}

/** A user can grant an API scope only if the user has that right. Scopes without a colon are always grantable. */
const mayGrant = (user: User, scope: string) => !scope.includes(':') || user.scopes.includes(scope);

/** Grants the requested scopes that the user may grant. */
async function grantConsent(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const user = findUser(interaction.session?.accountId);
  if (!user) return showEndedPage(ctx);
  const { grantId, params } = interaction;
  const existing = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = existing ?? new provider.Grant({ accountId: user.sub, clientId: String(params.client_id) });
  const { scopes, resourceScopes, claims } = findUndecided(interaction);
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [resource, requested] of Object.entries(resourceScopes)) {
    const granted = requested.filter((scope) => mayGrant(user, scope));
    const deniedScopes = requested.filter((scope) => !mayGrant(user, scope));
    if (granted.length > 0) grant.addResourceScope(resource, granted.join(' '));
    // Stored as rejected, so that the user is not asked again at each login.
    if (deniedScopes.length > 0) grant.rejectResourceScope(resource, deniedScopes.join(' '));
  }
  await finish(provider, ctx, { consent: { grantId: await grant.save() } });
}

interface Undecided {
  readonly scopes: string[];
  readonly resourceScopes: Record<string, string[]>;
  readonly claims: string[];
}

/** The requested scopes and claims that the user has neither granted nor denied. */
function findUndecided({ prompt }: Interaction): Undecided {
  const details = prompt.details as {
    missingOIDCScope?: string[];
    missingOIDCClaims?: string[];
    missingResourceScopes?: Record<string, string[]>;
  };
  return {
    scopes: details.missingOIDCScope ?? [],
    resourceScopes: details.missingResourceScopes ?? {},
    claims: details.missingOIDCClaims ?? [],
  };
}

async function finish(provider: Provider, ctx: Context, result: InteractionResults): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, {
    mergeWithLastSubmission: result.error === undefined,
  });
  ctx.redirect(returnTo);
  ctx.status = 303;
}

/** The options that all interaction pages share. */
async function createFrame(provider: Provider, { uid, params }: Interaction) {
  const client = await provider.Client.find(String(params.client_id));
  return {
    action: `/interaction/${uid}`,
    client: client?.clientName ?? client?.clientId ?? 'an app',
    // The provider compared it with the client's registration before the interaction started.
    formTarget: typeof params.redirect_uri === 'string' ? params.redirect_uri : undefined,
  };
}

/** Reads a form body of at most 10 kB. */
async function readForm(ctx: Context): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of ctx.req) {
    length += chunk.length;
    if (length > 10_000) ctx.throw(413);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
