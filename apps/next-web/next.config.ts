import type { NextConfig } from 'next';

const config: NextConfig = {
  cacheComponents: true,
  experimental: {
    // Shows `forbidden.tsx` to users who lack a scope.
    authInterrupts: true,
  },
  partialPrefetching: true,
  poweredByHeader: false,
  reactStrictMode: true,
};

export default config;
