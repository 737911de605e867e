import { createContext, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { createOrderedUpdates } from './ordered-updates.ts';
import { openSessionChannel, type SessionMessage, sendToTabs } from './session-channel.ts';
import { type ClientSession, fetchSnapshot, type TimedSnapshot, toSnapshot } from './session-snapshot.ts';
import { useExpiresIn } from './use-expires-in.ts';

/** Properties of {@link AuthProvider}. */
export interface AuthProviderProps {
  /**
   * The session from the server, which saves a request; `null` if the user is not signed in. Default: the browser fetches
   * the session.
   */
  readonly session?: ClientSession | null | undefined;
  /** Path of the routes, including the base path. Default: `/auth`. */
  readonly routes?: string | undefined;
  readonly children: ReactNode;
}

export interface AuthContextValue extends TimedSnapshot {
  readonly expiresIn: number | undefined;
  readonly routes: string;
  readonly reload: () => Promise<void>;
  /** Fetches the session without extending it. */
  readonly check: () => Promise<void>;
  readonly extend: () => Promise<void>;
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
  const [snapshot, setSnapshot] = useState<TimedSnapshot>(() =>
    session === undefined ? { session: undefined, status: 'loading', clockOffset: 0 } : toSnapshot(session),
  );
  const channel = useRef<BroadcastChannel>(undefined);
  const identity = useRef<string>(undefined);
  const knownOffset = useRef(0);

  const { load, check, extend, ignoreEarlier } = useMemo(() => {
    const { run, ignoreEarlier } = createOrderedUpdates<TimedSnapshot>((fetchedSession) => {
      knownOffset.current = fetchedSession.clockOffset;
      setSnapshot(fetchedSession);
    });
    const fetchInto = (query: string) =>
      run(() => fetchSnapshot(`${routes}/session${query}`, knownOffset.current));
    return {
      ignoreEarlier,
      // Offline: the previous snapshot stays.
      load: () => fetchInto('').catch(() => {}),
      check: () => fetchInto('?extend=false').catch(() => {}),
      extend: async () => {
        await fetchInto('?extend=true');
        sendToTabs({ type: 'extended' });
      },
    };
  }, [routes]);

  // A page that the server renders again passes a newer session. The clock of the server is known from an earlier response.
  useEffect(() => {
    if (session === undefined) return;
    ignoreEarlier();
    setSnapshot(({ clockOffset }) => toSnapshot(session, clockOffset));
  }, [session, ignoreEarlier]);

  const receive = useCallback(
    (message: SessionMessage) => {
      if (message === identity.current) return;
      ignoreEarlier();
      // The logout request is in progress. The next response of the server contains the state.
      if (typeof message === 'object' && message.type === 'logout') setSnapshot(toSnapshot(null));
      else void check();
    },
    [check, ignoreEarlier],
  );

  useEffect(() => {
    if (session === undefined) void load();
    const onVisible = () => {
      if (document.visibilityState === 'visible') void load();
    };
    document.addEventListener('visibilitychange', onVisible);
    const tabs = openSessionChannel();
    tabs.onmessage = ({ data }) => receive(data as SessionMessage);
    channel.current = tabs;
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      tabs.close();
      channel.current = undefined;
    };
  }, [load, receive, session]);

  // Sends the current user to other tabs. Tabs with another user load the session again.
  useEffect(() => {
    if (snapshot.status === 'loading') return;
    const user = snapshot.session?.user;
    const current = user ? `${user.iss} ${user.sub}` : '';
    if (identity.current === current) return;
    identity.current = current;
    channel.current?.postMessage(current);
  }, [snapshot]);

  const expiresIn = useExpiresIn(snapshot, check);
  const value = useMemo(
    () => ({ ...snapshot, expiresIn, routes, reload: load, check, extend }),
    [snapshot, expiresIn, routes, load, check, extend],
  );
  return <AuthContext.Provider value={value}>{children}</AuthContext.Provider>;
}
