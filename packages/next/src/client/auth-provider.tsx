import { createContext, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type ClientSession, fetchSession, type SessionSnapshot, toSnapshot } from './session-snapshot.ts';

/** Properties of {@link AuthProvider}. */
export interface AuthProviderProps {
  /**
   * The session from the server, which saves a request; `null` if the user is not signed in. Default: the browser fetches
   * the session.
   */
  readonly session?: ClientSession | null | undefined;
  /** Path of the routes, including the base path. Default: `/auth`. */
  readonly routes?: string;
  readonly children: ReactNode;
}

export interface AuthContextValue extends SessionSnapshot {
  readonly routes: string;
  readonly reload: () => Promise<void>;
}

export const AuthContext = createContext<AuthContextValue | undefined>(undefined);

/**
 * Provides the session to client components, and updates it in all tabs after login and logout.
 *
 * @example
 * ```tsx
 * import { AuthProvider, type ClientSession } from '@countersign/next/client';
 * import type { ReactNode } from 'react';
 *
 * export function Providers(props: { session: ClientSession | null; children: ReactNode }) {
 *   return <AuthProvider session={props.session}>{props.children}</AuthProvider>;
 * }
 * ```
 */
export function AuthProvider({ session, routes = '/auth', children }: AuthProviderProps): ReactNode {
  const [snapshot, setSnapshot] = useState<SessionSnapshot>(() =>
    session === undefined ? { session: undefined, status: 'loading' } : toSnapshot(session),
  );
  const channel = useRef<BroadcastChannel>(undefined);
  const identity = useRef<string>(undefined);

  // A page that the server renders again passes a newer session.
  useEffect(() => {
    if (session !== undefined) setSnapshot(toSnapshot(session));
  }, [session]);

  const load = useCallback(async () => {
    try {
      setSnapshot(toSnapshot(await fetchSession(`${routes}/session`)));
    } catch {
      // Offline: the previous snapshot stays.
    }
  }, [routes]);

  useEffect(() => {
    if (session === undefined) void load();
    const onVisible = () => {
      if (document.visibilityState === 'visible') void load();
    };
    document.addEventListener('visibilitychange', onVisible);
    const tabs = new BroadcastChannel('countersign.session');
    tabs.onmessage = ({ data }) => {
      if (data !== identity.current) void load();
    };
    channel.current = tabs;
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      tabs.close();
      channel.current = undefined;
    };
  }, [load, session]);

  // Sends the current user to other tabs. Tabs with another user load the session again.
  useEffect(() => {
    if (snapshot.status === 'loading') return;
    const user = snapshot.session?.user;
    const current = user ? `${user.iss} ${user.sub}` : '';
    if (identity.current === current) return;
    identity.current = current;
    channel.current?.postMessage(current);
  }, [snapshot]);

  const value = useMemo(() => ({ ...snapshot, routes, reload: load }), [snapshot, routes, load]);
  return <AuthContext.Provider value={value}>{children}</AuthContext.Provider>;
}
