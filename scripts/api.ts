import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createApiReport, getReportPath } from './lib/packages/api-report.ts';
import { listEntries, listPublishedPackages } from './lib/packages/packages.ts';
import { root } from './lib/processes/process.ts';

// Writes the API report of each built entry. The step `api` of the test command compares with it.
for (const pkg of listPublishedPackages()) {
  for (const subpath of listEntries(pkg)) {
    const file = getReportPath(pkg, subpath);
    try {
      const report = createApiReport(pkg, subpath, join(root, '.test/api', pkg.name));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, report);
      console.log(relative(root, file));
    } catch (error) {
      console.error(
        `${pkg.name}${subpath.slice(1)}: ${error instanceof Error ? error.message : String(error)}`,
      );
      process.exitCode = 1;
    }
  }
}
