import assert from 'node:assert/strict';
import { test } from 'node:test';
import manifest from '@nestjs/core/package.json' with { type: 'json' };

test('this is Nest 12, compiled to ES modules', () => {
  assert.equal(typeof module, 'undefined');
  assert.equal(import.meta.main, true);
  assert.match(manifest.version, /^12\./);
});
