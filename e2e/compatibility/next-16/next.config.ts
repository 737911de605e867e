import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/shop',
  // A second build, with other settings.
  ...(process.env.TRAILING_SLASH && { trailingSlash: true, distDir: '.next-trailing-slash' }),
  cacheComponents: true,
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};

export default config;
