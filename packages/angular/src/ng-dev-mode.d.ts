/**
 * Angular's flag for development. Production builds replace it with `false`. Other environments may not define it. Each
 * condition contains the expression: bundlers do not evaluate a constant of it.
 */
declare const ngDevMode: boolean | object | undefined;
