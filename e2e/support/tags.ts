/** Tests that run in Chromium only. Each use states the reason. */
export const onlyInChromium = '@chromium';

/** Tests that read bodies of requests on the network: Playwright does not receive them from Firefox. */
export const readsBodies = onlyInChromium;
