import type { KoaContextWithOIDC } from 'oidc-provider';
import { deviceCodePage, deviceConfirmPage, deviceSuccessPage } from './pages/device.ts';
import { showPage } from './pages/layout.ts';
import { loggedOutPage, logoutPage } from './pages/logout.ts';
import { findUser } from './users.ts';

interface NamedClient {
  readonly clientId: string;
  readonly clientName?: string | undefined;
}
const nameOf = (client: NamedClient | undefined) => client?.clientName ?? client?.clientId;

/** The library keeps it in the session between a page and its form. */
function antiForgeryToken({ oidc }: KoaContextWithOIDC): string {
  return String((oidc.session?.state as { secret?: string } | undefined)?.secret);
}

/** The pages of RP-initiated logout. */
export const logoutPages = {
  logoutSource(ctx: KoaContextWithOIDC): void {
    const { client, params, session, urlFor } = ctx.oidc;
    const target = params?.post_logout_redirect_uri;
    showPage(
      ctx,
      logoutPage({
        action: urlFor.call(ctx.oidc, 'end_session_confirm'),
        antiForgeryToken: antiForgeryToken(ctx),
        client: nameOf(client),
        user: findUser(session?.accountId)?.givenName,
        // Checked against the client's registration already.
        formTarget: typeof target === 'string' ? target : undefined,
        decided: isDecided(ctx),
      }),
    );
  },
  postLogoutSuccessSource: (ctx: KoaContextWithOIDC): void =>
    showPage(ctx, loggedOutPage(nameOf(ctx.oidc.client))),
};

/**
 * Whether to sign out without asking. Only an app that this very user signed in to has an ID token about the user;
 * any other page could send the browser here, to annoy.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0 section 2
 */
function isDecided({ oidc }: KoaContextWithOIDC): boolean {
  const hint = oidc.entities.IdTokenHint?.payload;
  const { session, client } = oidc;
  if (!hint || !session?.accountId || !client || hint.sub !== session.accountId) return false;
  return hint.sid === undefined || hint.sid === session.sidFor(client.clientId);
}

/** The pages of the device flow (RFC 8628). */
export const deviceFlowPages = {
  userCodeInputSource(
    ctx: KoaContextWithOIDC,
    _form: string,
    _out?: unknown,
    error?: { readonly name?: string; readonly userCode?: string },
  ): void {
    showPage(
      ctx,
      deviceCodePage(deviceForm(ctx), { problem: error && problemOf(error), userCode: error?.userCode }),
      error ? 422 : 200,
    );
  },
  userCodeConfirmSource(
    ctx: KoaContextWithOIDC,
    _form: string,
    client: NamedClient,
    _device: unknown,
    userCode: string,
  ): void {
    showPage(ctx, deviceConfirmPage(deviceForm(ctx), { client: nameOf(client) ?? 'a device', userCode }));
  },
  successSource: (ctx: KoaContextWithOIDC): void =>
    showPage(ctx, deviceSuccessPage(nameOf(ctx.oidc.client) ?? 'The device')),
};

const deviceForm = (ctx: KoaContextWithOIDC) => ({
  action: ctx.oidc.urlFor('code_verification'),
  antiForgeryToken: antiForgeryToken(ctx),
});

function problemOf({ name, userCode }: { readonly name?: string; readonly userCode?: string }): string {
  if (name === 'AbortedError') return 'This device was not connected. You can type another code.';
  if (userCode !== undefined || name === 'NoCodeError')
    return 'That code is not known. Check it and try again.';
  return 'That did not work. Start again on your device.';
}
