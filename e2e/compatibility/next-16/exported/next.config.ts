import type { NextConfig } from 'next';

/** A static export with sessions, which is impossible. */
const config: NextConfig = {
  output: 'export',
  turbopack: { root: `${import.meta.dirname}/..` },
};

export default config;
