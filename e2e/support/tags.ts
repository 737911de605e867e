/** The tag of tests that run in Chromium only. The reason is beside each use. */
export const onlyInChromium = '@chromium';
