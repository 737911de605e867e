import { type AnchorHTMLAttributes, type ButtonHTMLAttributes, type ReactNode, useContext } from 'react';
import { AuthContext } from './auth-provider.tsx';
import { useSession } from './use-session.ts';

/** Shows its children to who is signed in. It hides, it does not protect: what is secret stays on the server. */
export function SignedIn({ children }: { readonly children: ReactNode }): ReactNode {
  return useSession().status === 'signed-in' ? children : null;
}

/** Shows its children to who is not signed in. */
export function SignedOut({ children }: { readonly children: ReactNode }): ReactNode {
  return useSession().status === 'signed-out' ? children : null;
}

export interface LoginButtonProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  /** Where to go afterwards; a path of this application. */
  readonly returnTo?: string;
}

/** A link to the login; it works without JavaScript. Not a router's link: that would fetch it ahead. */
export function LoginButton({ returnTo, children = 'Log in', ...props }: LoginButtonProps): ReactNode {
  const query = returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo })}`;
  return (
    <a {...props} href={`${useRoutes()}/login${query}`}>
      {children}
    </a>
  );
}

export interface LogoutButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** Where to go afterwards; one of the option `postLogoutRedirectUris`. */
  readonly returnTo?: string;
}

/** A form that logs out; it works without JavaScript. */
export function LogoutButton({ returnTo, children = 'Log out', ...props }: LogoutButtonProps): ReactNode {
  return (
    <form action={`${useRoutes()}/logout`} method="post">
      {returnTo !== undefined && <input name="returnTo" type="hidden" value={returnTo} />}
      <button type="submit" {...props}>
        {children}
      </button>
    </form>
  );
}

const useRoutes = () => useContext(AuthContext)?.routes ?? '/auth';
