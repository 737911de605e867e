import type { NextConfig } from 'next';

const config: NextConfig = {
  i18n: { locales: ['en', 'de'], defaultLocale: 'en', localeDetection: false },
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};

export default config;
