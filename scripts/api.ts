import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { apiReport, reportFile } from './lib/api-report.ts';
import { entries, publishedPackages } from './lib/packages.ts';
import { root } from './lib/process.ts';

// Writes down the public API of each built entry; the test command compares with it.
for (const of of publishedPackages()) {
  for (const subpath of entries(of)) {
    const file = reportFile(of, subpath);
    try {
      const report = apiReport(of, subpath, join(root, '.test/api', of.name));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, report);
      console.log(relative(root, file));
    } catch (error) {
      console.error(
        `${of.name}${subpath.slice(1)}: ${error instanceof Error ? error.message : String(error)}`,
      );
      process.exitCode = 1;
    }
  }
}
