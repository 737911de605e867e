import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/shop',
  // A second build, with other settings.
  ...(process.env.TRAILING_SLASH && { trailingSlash: true, distDir: '.next-trailing-slash' }),
  // A build stays beside the files of the development server, which does not discard routes that are not in use.
  ...(process.env.NODE_ENV === 'development' && { distDir: '.next-dev' }),
  onDemandEntries: { maxInactiveAge: 600_000, pagesBufferLength: 100 },
  eslint: { ignoreDuringBuilds: true },
  outputFileTracingRoot: import.meta.dirname,
};

export default config;
