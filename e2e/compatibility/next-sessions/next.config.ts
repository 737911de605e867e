import type { NextConfig } from 'next';

const config: NextConfig = {
  cacheComponents: true,
  partialPrefetching: true,
  // The tests of the packages check the types.
  typescript: { ignoreBuildErrors: true },
};

export default config;
