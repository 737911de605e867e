import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Platform = 'node' | 'edge' | 'chromium';

/**
 * Reads the platforms of a suite from its first line: `// @platforms node, edge: <reason>.`
 * A suite without that line runs on every platform.
 */
export function readPlatforms(source: string): readonly Platform[] | undefined {
  const [, names] = /^\/\/ @platforms ([\w, ]+): \S.*\.\n/.exec(source) ?? [];
  return names?.split(', ') as Platform[] | undefined;
}

/** Lists the suites of a package that do not run on a platform. */
export function findSuitesNotOn(platform: Platform, directory: string): string[] {
  return globSync('{src,tests}/**/*.test.ts', { cwd: directory }).filter((suite) => {
    const platforms = readPlatforms(readFileSync(join(directory, suite), 'utf8'));
    return platforms !== undefined && !platforms.includes(platform);
  });
}
