import { type Browser, createCopies } from '../simulation/browser.ts';
import { resources } from '../simulation/deployment.ts';
import type { World } from '../simulation/world.ts';
import { endAtProvider } from './end-at-provider.ts';
import { logIn } from './log-in.ts';
import { logOut } from './log-out.ts';
import { runEach } from './run-each.ts';
import { changeSession, requestSession, requestToken } from './session-requests.ts';

/** An action of a browser, a user or the provider. */
export type ActionKind =
  | 'token'
  | 'other-resource'
  | 'two-resources'
  | 'forced-refresh'
  | 'session'
  | 'copied-cookie'
  | 'change'
  | 'login'
  | 'user-switch'
  | 'double-callback'
  | 'logout'
  | 'double-logout'
  | 'backchannel-logout'
  | 'replayed-logout-token';

type RunAction = (world: World, browser: Browser) => Promise<unknown>;

export const actions: Readonly<Record<ActionKind, RunAction>> = {
  token: (world, browser) => requestToken(world, browser, {}),
  'other-resource': (world, browser) => requestToken(world, browser, { resource: resources[1] }),
  async 'two-resources'(world, browser) {
    await runEach(world, resources, (resource) => requestToken(world, browser, { resource }));
  },
  'forced-refresh': (world, browser) => requestToken(world, browser, { forceRefresh: true }),
  session: (world, browser) => requestSession(world, browser),
  async 'copied-cookie'(world, browser) {
    // The session of the browser may have ended when the copy is sent.
    const { record } = browser;
    await world.scheduler.step('a copy of the cookie is taken', () => {});
    const [copy] = createCopies(record, 1);
    if (copy) await requestSession(world, copy);
  },
  change: (world, browser) => changeSession(world, browser),
  login: (world, browser) => logIn(world, browser),
  'user-switch'(world, browser) {
    browser.sub = browser.sub === 'alice' ? 'bob' : 'alice';
    return logIn(world, browser);
  },
  'double-callback': (world, browser) => logIn(world, browser, { callbacks: 2 }),
  logout: (world, browser) => logOut(world, browser),
  'double-logout': (world, browser) => runEach(world, [1, 2], () => logOut(world, browser)),
  'backchannel-logout': (world, browser) => endAtProvider(world, browser),
  'replayed-logout-token': (world, browser) => endAtProvider(world, browser, { replays: 2 }),
};
