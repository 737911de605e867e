import type { InteractionResults, default as Provider } from 'oidc-provider';
import type { Context } from './context.ts';
import { consentPage } from './pages/consent.ts';
import { errorPage } from './pages/error.ts';
import { showPage } from './pages/layout.ts';
import { loginPage } from './pages/login.ts';
import { checkPassword, findUser, type User } from './users.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const route = /^\/interaction\/([\w-]+)(?:\/(confirm|abort))?$/;

/** The pages on which a user signs in and decides, at `/interaction/{uid}`. */
export function serveInteractions(provider: Provider): void {
  provider.use(async (ctx, next) => {
    const [, uid, action] = route.exec(ctx.path) ?? [];
    if (uid === undefined) return next();
    try {
      // Found by a signed cookie, which belongs to this path alone.
      const interaction = await provider.interactionDetails(ctx.req, ctx.res);
      if (interaction.uid !== uid) return endedPage(ctx);
      const asked = `${ctx.method} ${interaction.prompt.name} ${action ?? ''}`.trim();
      switch (asked) {
        case 'GET login':
          return await showLogin(provider, ctx, interaction);
        case 'POST login':
          return await signIn(provider, ctx, interaction);
        case 'GET consent':
          return await showConsent(provider, ctx, interaction);
        case 'POST consent confirm':
          return await allow(provider, ctx, interaction);
        case 'POST login abort':
        case 'POST consent abort':
          return await finish(provider, ctx, {
            error: 'access_denied',
            error_description:
              interaction.prompt.name === 'login'
                ? 'The user cancelled the login'
                : 'The user did not allow it',
          });
        default:
          return await next();
      }
    } catch (error) {
      if ((error as { name?: string }).name !== 'SessionNotFound') throw error;
      endedPage(ctx);
    }
  });
}

const endedPage = (ctx: Context) => showPage(ctx, errorPage('session_not_found'), 400);

async function showLogin(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const hint = interaction.params.login_hint;
  showPage(
    ctx,
    loginPage({
      ...(await frameOf(provider, interaction)),
      login: typeof hint === 'string' ? hint : undefined,
    }),
  );
}

async function signIn(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const form = await readForm(ctx);
  const login = form.get('login') ?? '';
  const user = checkPassword(login, form.get('password') ?? '');
  if (!user) {
    return showPage(ctx, loginPage({ ...(await frameOf(provider, interaction)), login, failed: true }), 422);
  }
  await finish(provider, ctx, {
    login: { accountId: user.sub, amr: ['pwd'], acr: 'urn:countersign:acr:password' },
  });
}

async function showConsent(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const user = findUser(interaction.session?.accountId);
  if (!user) return endedPage(ctx);
  const { scopes, resourceScopes, claims } = missingOf(interaction);
  const asked = [...new Set(Object.values(resourceScopes).flat())];
  const { params } = interaction;
  // The same question once more, under `prompt=consent` or for a native client: all of it is listed again.
  const again = scopes.length === 0 && asked.length === 0 && claims.length === 0;
  const all = again ? String(params.scope ?? '').split(' ') : [...scopes, ...asked];
  showPage(
    ctx,
    consentPage({
      ...(await frameOf(provider, interaction)),
      user,
      scopes: all.filter((scope) => mayGrant(user, scope)),
      withheld: all.filter((scope) => !mayGrant(user, scope)),
      claims,
    }),
  );
}

/** A scope of an API is the user's to give only where the user has that right; the others concern the user alone. */
const mayGrant = (user: User, scope: string) => !scope.includes(':') || user.scopes.includes(scope);

/** Grants what is asked, as far as the user has the right to it. */
async function allow(provider: Provider, ctx: Context, interaction: Interaction): Promise<void> {
  const user = findUser(interaction.session?.accountId);
  if (!user) return endedPage(ctx);
  const { grantId, params } = interaction;
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? new provider.Grant({ accountId: user.sub, clientId: String(params.client_id) });
  const { scopes, resourceScopes, claims } = missingOf(interaction);
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [resource, asked] of Object.entries(resourceScopes)) {
    const given = asked.filter((scope) => mayGrant(user, scope));
    const withheld = asked.filter((scope) => !mayGrant(user, scope));
    if (given.length > 0) grant.addResourceScope(resource, given.join(' '));
    // Remembered as refused, so that the user is not asked again at every login.
    if (withheld.length > 0) grant.rejectResourceScope(resource, withheld.join(' '));
  }
  await finish(provider, ctx, { consent: { grantId: await grant.save() } });
}

interface Missing {
  readonly scopes: string[];
  readonly resourceScopes: Record<string, string[]>;
  readonly claims: string[];
}

/** What this client asks for and the user has not decided on yet. */
function missingOf({ prompt }: Interaction): Missing {
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

/** What every page of an interaction needs. */
async function frameOf(provider: Provider, { uid, params }: Interaction) {
  const client = await provider.Client.find(String(params.client_id));
  return {
    action: `/interaction/${uid}`,
    client: client?.clientName ?? client?.clientId ?? 'an app',
    // Checked against the client's registration before the interaction began.
    formTarget: typeof params.redirect_uri === 'string' ? params.redirect_uri : undefined,
  };
}

/** A small form body, bounded. */
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
