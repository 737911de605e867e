/** Suites that a platform cannot run, and why; all others of core run on Node, on the edge and in Chromium. */
export interface NotHere {
  readonly suites: string;
  readonly why: string;
}

const nodeAlone: readonly NotHere[] = [
  { suites: 'src/node/*.test.ts', why: '`./node` is for Node alone: it is undici and TLS' },
  { suites: '**/*mutual-tls.test.ts', why: 'certificates are presented through `./node`' },
  { suites: 'src/session/{fail-closed,node-streams}.test.ts', why: 'a server of Node answers' },
  {
    suites: 'tests/oidc-provider/*.test.ts',
    why: 'oidc-provider, the server of these tests, needs Node',
  },
  {
    suites: 'tests/hostile-requests/*.test.ts',
    why: 'starts servers on sockets, and Chromium beside them, which Node alone can do',
  },
  {
    suites: 'src/browser/user-switch.test.ts',
    why: 'its scheduler waits with `setImmediate` until the code under test waits for it',
  },
  {
    suites: 'src/internal/platform/*-node.test.ts',
    why: 'what Node does with its own crypto and threads',
  },
  {
    suites: 'src/internal/platform/sealing.test.ts',
    why: 'holds what Node does against what the web does, so it needs both',
  },
];

export const notOnTheEdge: readonly NotHere[] = nodeAlone;

export const notInChromium: readonly NotHere[] = [
  ...nodeAlone,
  {
    suites: 'src/api/{isolation,verdicts}.test.ts',
    why: 'copies the package to another folder, opens a port, and watches the process for rejections',
  },
  {
    suites: 'src/browser/{browser-auth,login,login-answer,login-holder,logout,refresh,silent-login}.test.ts',
    why: 'plays the page itself, and a browser lets nobody replace `window` and `location`; `tests/conformance/browser` runs in the real one',
  },
  {
    suites:
      'src/session/{backchannel-logout,cookie-sessions,form-post,login-routes,logout-routes,malformed-requests,node-requests,session-changes,session-integrity,session-isolation,session-life,used-logins,web-sessions}.test.ts',
    why: 'sessions are of servers: a Request of a browser carries no Cookie header, and a Response shows no Set-Cookie',
  },
];
