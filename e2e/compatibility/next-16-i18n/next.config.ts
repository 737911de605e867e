import type { NextConfig } from 'next';

const config: NextConfig = {
  i18n: { locales: ['en', 'de'], defaultLocale: 'en', localeDetection: false },
  // A second build, with other settings.
  ...(process.env.TRAILING_SLASH && { trailingSlash: true, distDir: '.next-trailing-slash' }),
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};

export default config;
