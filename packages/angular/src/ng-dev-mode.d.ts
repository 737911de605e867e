/** Angular's own: `false` in production builds, which then leave out what depends on it; elsewhere it may be missing. */
declare const ngDevMode: boolean | object | undefined;
