import type { NextConfig } from 'next';

const config: NextConfig = {
  cacheComponents: true,
  partialPrefetching: true,
  // Types are checked with the tests of the packages.
  typescript: { ignoreBuildErrors: true },
};

export default config;
