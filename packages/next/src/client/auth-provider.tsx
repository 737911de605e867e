import { createContext, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type ClientSession, fetchSession, type SessionSnapshot, snapshotOf } from './session-store.ts';

export interface AuthProviderProps {
  /** What the server knows: then no request is made. `null` when it knows that nobody is signed in. */
  readonly session?: ClientSession | null | undefined;
  /** Where the routes are, base path included. Default: `/auth`. */
  readonly routes?: string;
  readonly children: ReactNode;
}

export interface AuthContextValue extends SessionSnapshot {
  readonly routes: string;
  readonly reload: () => Promise<void>;
}

export const AuthContext = createContext<AuthContextValue | undefined>(undefined);

/** Makes the session known to client components, and keeps it up to date across tabs. */
export function AuthProvider({ session, routes = '/auth', children }: AuthProviderProps): ReactNode {
  const [snapshot, setSnapshot] = useState<SessionSnapshot>(() =>
    session === undefined ? { session: undefined, status: 'loading' } : snapshotOf(session),
  );
  const channel = useRef<BroadcastChannel>(undefined);
  const identity = useRef<string>(undefined);

  // A page that is rendered anew on the server brings the newer knowledge.
  useEffect(() => {
    if (session !== undefined) setSnapshot(snapshotOf(session));
  }, [session]);

  const load = useCallback(async () => {
    try {
      setSnapshot(snapshotOf(await fetchSession(`${routes}/session`)));
    } catch {
      // Offline: what was known before still serves.
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

  // Tabs that know of another user, or of one where there is none, look for themselves.
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
