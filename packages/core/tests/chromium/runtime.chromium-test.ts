import { expect, test } from 'vitest';

test('this suite runs in a browser', () => {
  expect(navigator.userAgent).toContain('Chrome');
  expect(document).toBeDefined();
});
