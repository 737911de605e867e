/** Angular's flag for development. Production builds of Angular replace it with `false`; elsewhere it does not exist. */
declare const ngDevMode: boolean | object | undefined;

/**
 * False in production builds of Angular. Bundlers then remove the long texts of errors: `isDevelopment ? text : ''`. The
 * error keeps its code, and the name of what differed.
 */
export const isDevelopment: boolean = typeof ngDevMode === 'undefined' || !!ngDevMode;
