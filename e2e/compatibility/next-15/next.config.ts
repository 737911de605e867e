import type { NextConfig } from 'next';

const config: NextConfig = {
  basePath: '/shop',
  eslint: { ignoreDuringBuilds: true },
  outputFileTracingRoot: import.meta.dirname,
};

export default config;
