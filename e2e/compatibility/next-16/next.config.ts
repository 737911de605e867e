import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/shop',
  cacheComponents: true,
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};

export default config;
