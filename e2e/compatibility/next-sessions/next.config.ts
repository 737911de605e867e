import { createRequire } from 'node:module';
import type { NextConfig } from 'next';

const { version } = createRequire(import.meta.url)('next/package.json') as { readonly version: string };
const isNext15 = version.startsWith('15.');
/** The folder that contains `node_modules`, if Next does not find it. */
const root = process.env.APP_ROOT;

const config: NextConfig = {
  ...(process.env.BASE_PATH && { basePath: process.env.BASE_PATH }),
  ...(isNext15
    ? { eslint: { ignoreDuringBuilds: true } }
    : { cacheComponents: true, partialPrefetching: true }),
  // A build stays beside the files of the development server, which does not discard routes that are not in use.
  ...(process.env.NODE_ENV === 'development' && { distDir: '.next-dev' }),
  onDemandEntries: { maxInactiveAge: 2 ** 40, pagesBufferLength: 100 },
  // Both spellings of a path reach the application.
  skipTrailingSlashRedirect: true,
  ...(root && { outputFileTracingRoot: root, turbopack: { root } }),
  // The tests of the packages check the types.
  typescript: { ignoreBuildErrors: true },
};

export default config;
