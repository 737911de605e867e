import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = process.env.FIXTURE ?? '.';

test('a static export reports that it cannot have sessions', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(folder, 'node_modules/next/dist/bin/next'), 'build', 'exported'],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } },
  );
  const output = stdout + stderr;
  assert.notEqual(status, 0, output);
  assert.match(output, /ConfigurationError\]?: The session was read in a static page/);
  assert.match(output, /wrong_context/);
});
