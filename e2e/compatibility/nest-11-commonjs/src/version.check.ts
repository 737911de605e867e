import assert from 'node:assert/strict';
import { test } from 'node:test';

test('this is Nest 11, compiled to CommonJS', () => {
  assert.equal(module.id, '.');
  assert.match(require('@nestjs/core/package.json').version, /^11\./);
});
