import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { provideKafka } from './kafka.ts';

afterEach(() => void vi.unstubAllEnvs());

test('a failed download is an error with the output of Maven', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-'));
  try {
    const mvn = join(folder, 'mvn');
    await writeFile(mvn, '#!/bin/sh\necho "Could not transfer artifact"\nexit 1\n', { mode: 0o755 });
    vi.stubEnv('MAVEN_PATH', mvn);
    vi.stubEnv('JAVA_PATH', process.execPath);
    vi.stubEnv('KAFKA_JARS', '');
    await expect(provideKafka(() => {}, folder)).rejects.toThrow('Could not transfer artifact');
  } finally {
    await rm(folder, { recursive: true });
  }
});
