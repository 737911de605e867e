import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, type ExtractorLogLevel } from '@microsoft/api-extractor';
import { findBuiltFile, type PublishedPackage } from './packages.ts';

const quiet = { default: { logLevel: 'none' as ExtractorLogLevel } };

/** Path of the committed report of an entry: `api/index.api.md`, `api/browser.api.md` ... */
export const getReportPath = ({ directory }: PublishedPackage, subpath: string): string =>
  join(directory, 'api', reportName(subpath));

const reportName = (subpath: string): string =>
  `${subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-')}.api.md`;

/** Creates the API report of an entry from its built types. */
export function createApiReport(pkg: PublishedPackage, subpath: string, folder: string): string {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary, { recursive: true });
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: pkg.directory,
      mainEntryPointFilePath: findBuiltFile(pkg, subpath, 'types'),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2023',
            lib: ['ES2023', 'DOM', 'DOM.Iterable'],
            module: 'ESNext',
            moduleResolution: 'Bundler',
            strict: true,
            skipLibCheck: true,
          },
        },
      },
      newlineKind: 'lf',
      apiReport: {
        enabled: true,
        reportFileName: reportName(subpath),
        reportFolder: folder,
        reportTempFolder: temporary,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: quiet,
        extractorMessageReporting: quiet,
        tsdocMessageReporting: quiet,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(pkg.directory, 'package.json'),
  });
  const problems: string[] = [];
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      if (message.logLevel === 'error') problems.push(message.text);
      message.handled = true;
    },
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return readFileSync(join(folder, reportName(subpath)), 'utf8');
}

/** Returns the first lines in which two reports differ, or `undefined` if they are equal. */
export function describeDifference(committed: string, current: string, lines = 12): string | undefined {
  if (committed === current) return undefined;
  const committedLines = new Set(committed.split('\n'));
  const currentLines = new Set(current.split('\n'));
  const changed = [
    ...[...committedLines].filter((line) => !currentLines.has(line)).map((line) => `- ${line}`),
    ...[...currentLines].filter((line) => !committedLines.has(line)).map((line) => `+ ${line}`),
  ];
  return changed.length === 0 ? '(only the order differs)' : changed.slice(0, lines).join('\n');
}
