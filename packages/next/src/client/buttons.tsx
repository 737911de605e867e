import { type AnchorHTMLAttributes, type ButtonHTMLAttributes, type ReactNode, useContext } from 'react';
import { AuthContext } from './auth-provider.tsx';
import { sendToTabs } from './session-channel.ts';
import { useSession } from './use-session.ts';

/**
 * Shows its children to a signed-in user. It is not access control: secret data must stay on the server.
 *
 * @example
 * ```tsx
 * import { LogoutButton, SignedIn } from '@countersign/next/client';
 *
 * export const Account = () => (
 *   <SignedIn>
 *     <LogoutButton />
 *   </SignedIn>
 * );
 * ```
 */
export function SignedIn({ children }: { readonly children: ReactNode }): ReactNode {
  return useSession().status === 'signed-in' ? children : null;
}

/**
 * Shows its children to a user who is not signed in.
 *
 * @example
 * ```tsx
 * import { LoginButton, SignedOut } from '@countersign/next/client';
 *
 * export const Account = () => (
 *   <SignedOut>
 *     <LoginButton />
 *   </SignedOut>
 * );
 * ```
 */
export function SignedOut({ children }: { readonly children: ReactNode }): ReactNode {
  return useSession().status === 'signed-out' ? children : null;
}

/** Properties of {@link LoginButton}. */
export interface LoginButtonProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  /** A path of the application for the user after the login. Default: the option `afterLogin`. */
  readonly returnTo?: string | undefined;
}

/**
 * A link to the login, which works without JavaScript. It is not a link of Next's router, which would prefetch it.
 *
 * @example
 * ```tsx
 * import { LoginButton } from '@countersign/next/client';
 *
 * export const Header = () => <LoginButton returnTo="/dashboard">Log in</LoginButton>;
 * ```
 */
export function LoginButton({ returnTo, children = 'Log in', ...props }: LoginButtonProps): ReactNode {
  const query = returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo })}`;
  return (
    <a {...props} href={`${useRoutes()}/login${query}`}>
      {children}
    </a>
  );
}

/** Properties of {@link LogoutButton}. */
export interface LogoutButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Where to send the user after logout: one of the option `postLogoutRedirectUris`. Default: the first one. */
  readonly returnTo?: string | undefined;
}

/**
 * A form that logs the user out, which works without JavaScript. Other tabs immediately show that the user is signed out.
 *
 * @example
 * ```tsx
 * import { LogoutButton } from '@countersign/next/client';
 *
 * export const Header = () => <LogoutButton>Log out</LogoutButton>;
 * ```
 */
export function LogoutButton({ returnTo, children = 'Log out', ...props }: LogoutButtonProps): ReactNode {
  return (
    <form action={`${useRoutes()}/logout`} method="post" onSubmit={() => sendToTabs({ type: 'logout' })}>
      {returnTo !== undefined && <input name="returnTo" type="hidden" value={returnTo} />}
      <button type="submit" {...props}>
        {children}
      </button>
    </form>
  );
}

const useRoutes = () => useContext(AuthContext)?.routes ?? '/auth';
