import type { NextConfig } from 'next';

/** An application that asks for sessions, and for no server: both together cannot be. */
const config: NextConfig = {
  output: 'export',
  turbopack: { root: `${import.meta.dirname}/..` },
};

export default config;
