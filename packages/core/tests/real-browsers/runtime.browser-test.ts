import { expect, test } from 'vitest';

test('runs in a browser', () => {
  expect(navigator.userAgent).toMatch(/Chrome|Firefox/);
  expect(document).toBeDefined();
});
