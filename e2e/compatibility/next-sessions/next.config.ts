import type { NextConfig } from 'next';

const config: NextConfig = {
  ...(process.env.BASE_PATH && { basePath: process.env.BASE_PATH }),
  cacheComponents: true,
  partialPrefetching: true,
  // The tests of the packages check the types.
  typescript: { ignoreBuildErrors: true },
};

export default config;
