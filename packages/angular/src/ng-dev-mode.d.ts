/** Angular's flag for development. Production builds replace it with `false`. Other environments may not define it. */
declare const ngDevMode: boolean | object | undefined;
