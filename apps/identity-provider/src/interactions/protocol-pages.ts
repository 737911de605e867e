import type { KoaContextWithOIDC } from 'oidc-provider';
import { findUser } from '../data/users.ts';
import { deviceCodePage, deviceConfirmPage, deviceSuccessPage } from '../pages/device.ts';
import { showPage } from '../pages/layout.ts';
import { loggedOutPage, logoutPage } from '../pages/logout.ts';

interface NamedClient {
  readonly clientId: string;
  readonly clientName?: string | undefined;
}
const getName = (client: NamedClient | undefined) => client?.clientName ?? client?.clientId;

/** The library stores the token in the session until the form is submitted. */
function antiForgeryToken({ oidc }: KoaContextWithOIDC): string {
  return String((oidc.session?.state as { secret?: string } | undefined)?.secret);
}

/** The pages of RP-Initiated Logout. */
export const logoutPages = {
  logoutSource(ctx: KoaContextWithOIDC): void {
    const { client, params, session, urlFor } = ctx.oidc;
    const target = params?.post_logout_redirect_uri;
    showPage(
      ctx,
      logoutPage({
        action: urlFor.call(ctx.oidc, 'end_session_confirm'),
        antiForgeryToken: antiForgeryToken(ctx),
        client: getName(client),
        user: findUser(session?.accountId)?.givenName,
        // The provider has already compared it with the client's registration.
        formTarget: typeof target === 'string' ? target : undefined,
        isConfirmed: isConfirmed(ctx),
      }),
    );
  },
  postLogoutSuccessSource: (ctx: KoaContextWithOIDC): void =>
    showPage(ctx, loggedOutPage(getName(ctx.oidc.client))),
};

/**
 * Whether to log out without asking. The ID token hint shows that the request is sent by an app to which this user is
 * signed in. Without it, any page could send the browser here to log the user out.
 *
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 */
function isConfirmed({ oidc }: KoaContextWithOIDC): boolean {
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
      deviceCodePage(deviceForm(ctx), {
        problem: error && describeProblem(error),
        userCode: error?.userCode,
      }),
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
    showPage(ctx, deviceConfirmPage(deviceForm(ctx), { client: getName(client) ?? 'a device', userCode }));
  },
  successSource: (ctx: KoaContextWithOIDC): void =>
    showPage(ctx, deviceSuccessPage(getName(ctx.oidc.client) ?? 'The device')),
};

const deviceForm = (ctx: KoaContextWithOIDC) => ({
  action: ctx.oidc.urlFor('code_verification'),
  antiForgeryToken: antiForgeryToken(ctx),
});

function describeProblem({ name, userCode }: { readonly name?: string; readonly userCode?: string }): string {
  if (name === 'AbortedError') return 'The device was not connected. You can enter another code.';
  if (userCode !== undefined || name === 'NoCodeError')
    return 'The code is not valid. Check it and try again.';
  return 'The device could not be connected. Start again on your device.';
}
