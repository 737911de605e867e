import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/shop',
  // The development server does not discard routes that are not in use.
  onDemandEntries: { maxInactiveAge: 600_000, pagesBufferLength: 100 },
  // Further builds, with another bundler and with other settings.
  ...(process.env.WEBPACK && { distDir: '.next-webpack' }),
  ...(process.env.TRAILING_SLASH && { trailingSlash: true, distDir: '.next-trailing-slash' }),
  cacheComponents: true,
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};

export default config;
