import { type Browser, type ModelResponse, sendRequest, serializeCookies } from '../simulation/browser.ts';
import type { World } from '../simulation/world.ts';
import { handleRoute } from './handle-route.ts';
import { report, reportError, reportFailure } from './reports.ts';

interface SessionResponse extends ModelResponse {
  /** The changes that the session contains. */
  readonly changes?: readonly string[];
}

interface PublicSession {
  readonly user: { readonly sub: string };
  readonly data: Readonly<Record<string, true>>;
}

interface TokenRequest {
  readonly resource?: string;
  readonly forceRefresh?: boolean;
}

/** Requests an access token, as a handler of an application does. */
export function requestToken(world: World, browser: Browser, request: TokenRequest) {
  const name = request.forceRefresh ? 'token (forced)' : `token ${request.resource ?? ''}`.trim();
  return sendRequest(world, browser, name, async (sent): Promise<ModelResponse> => {
    let isSessionOpen = false;
    try {
      const session = await sent.instance.sessions.open(sent.cookieHeader);
      isSessionOpen = true;
      try {
        const { accessToken } = await session.getAccessToken(request);
        report(world, sent, { sub: session.session?.user.sub, accessToken });
        return { setCookies: serializeCookies(session.cookies), accessToken };
      } catch (error) {
        reportError(world, sent, error);
        return { setCookies: serializeCookies(session.cookies) };
      }
    } catch (error) {
      if (isSessionOpen) throw error;
      reportError(world, sent, error);
      return { setCookies: [] };
    }
  });
}

/** Requests `/auth/session`, as a page does. */
export function requestSession(world: World, browser: Browser) {
  return sendRequest(world, browser, 'session', async (sent): Promise<SessionResponse> => {
    const response = await handleRoute(sent, '/auth/session');
    const setCookies = response.headers.getSetCookie();
    if (response.status !== 200) {
      reportFailure(world, sent, response);
      return { setCookies };
    }
    const { session } = (await response.json()) as { session: PublicSession | null };
    report(world, sent, { sub: session?.user.sub, isLoginRequired: session === null });
    return { setCookies, ...(session && { changes: Object.keys(session.data) }) };
  });
}

/** Changes the data of the session. The response confirms the change. */
export function changeSession(world: World, browser: Browser) {
  const id = world.scheduler.getContext().action;
  return sendRequest(world, browser, 'change', async (sent) => {
    let setCookies: string[] = [];
    try {
      const session = await sent.instance.sessions.open(sent.cookieHeader);
      if (!session.session) report(world, sent, { isLoginRequired: true });
      else {
        const { user } = await session.update((data) => ({ ...data, [id]: true }));
        report(world, sent, { sub: user.sub });
        sent.record?.changes.push(id);
      }
      setCookies = serializeCookies(session.cookies);
    } catch (error) {
      reportError(world, sent, error);
    }
    return { setCookies };
  });
}
