import { test } from '@playwright/test';
import { type NextWebAtTestProvider, startAtTestProvider } from './test-provider.ts';

/** Starts next-web with a test provider before the tests of a file, and stops both after them. */
export function useTestProvider(
  options: Parameters<typeof startAtTestProvider>[0] = {},
): Omit<NextWebAtTestProvider, 'stop'> {
  let running: NextWebAtTestProvider | undefined;
  test.beforeAll(async () => {
    running = await startAtTestProvider(options);
  });
  test.afterAll(() => running?.stop());
  const getRunning = (): NextWebAtTestProvider => {
    if (running) return running;
    throw new Error('next-web is not running: use it within a test.');
  };
  return {
    get op() {
      return getRunning().op;
    },
    get app() {
      return getRunning().app;
    },
    advance: (seconds) => getRunning().advance(seconds),
  };
}
