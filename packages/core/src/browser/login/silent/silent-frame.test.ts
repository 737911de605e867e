// @platforms node, edge: the suite replaces `document`, which a browser does not allow.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSilentFrame } from './silent-frame.ts';

const url = new URL('https://login.example/authorize?state=secret-state');
const returnUri = 'https://app.example/silent.html';
let violations: EventTarget;
let warnings: string[];

beforeEach(() => {
  violations = new EventTarget();
  warnings = [];
  vi.spyOn(console, 'warn').mockImplementation((text) => void warnings.push(text));
  vi.stubGlobal('location', new URL('https://app.example/items'));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Stubs a frame that shows a page of another origin, whose address cannot be read, or never loads. */
function stubFrame({ loads, violation }: { loads: boolean; violation?: object }): void {
  let load = () => {};
  vi.stubGlobal('document', {
    addEventListener: violations.addEventListener.bind(violations),
    removeEventListener: violations.removeEventListener.bind(violations),
    createElement: () => ({
      addEventListener: (_: string, listener: () => void) => {
        load = listener;
      },
      remove() {},
      get contentWindow() {
        throw new DOMException('Blocked a frame.', 'SecurityError');
      },
    }),
    body: {
      append() {
        if (violation)
          violations.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), violation));
        if (loads) queueMicrotask(() => load());
      },
    },
  });
}

async function open(): Promise<unknown> {
  const result = openSilentFrame(url, returnUri, 10_000).catch((error) => error);
  await vi.advanceTimersByTimeAsync(11_000);
  return result;
}

test.each(['frame-src', 'child-src', 'default-src'])(
  'names the directive %s that blocks the frame',
  async (directive) => {
    const violation = { blockedURI: url.origin, effectiveDirective: directive, disposition: 'enforce' };
    stubFrame({ loads: true, violation });
    expect(await open()).toBeUndefined();
    expect(warnings).toEqual([
      `Countersign: the silent login at https://login.example/authorize was blocked by the directive ${directive} of the Content-Security-Policy of the page, so the user counts as signed out. Add https://login.example to ${directive}.`,
    ]);
  },
);

test.each([
  ['without a violation', undefined],
  [
    'with a policy that only reports',
    { blockedURI: url.origin, effectiveDirective: 'frame-src', disposition: 'report' },
  ],
])('names the address and what the provider has to allow if it shows a page, %s', async (_, violation) => {
  stubFrame({ loads: true, ...(violation && { violation }) });
  expect(await open()).toBeUndefined();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(
    'https://login.example/authorize did not return to https://app.example/silent.html',
  );
  expect(warnings[0]).toMatch(/X-Frame-Options, or frame-ancestors.*allow https:\/\/app\.example/);
  expect(warnings[0]).not.toContain('secret-state');
});

test('names the address and the return URI after a timeout', async () => {
  stubFrame({ loads: false });
  const error = await open();
  expect(error).toMatchObject({ code: 'timeout' });
  expect((error as Error).message).toContain(
    'The silent login at https://login.example/authorize did not return to https://app.example/silent.html within 10000 milliseconds.',
  );
  expect((error as Error).message).not.toContain('secret-state');
});
