import { test } from '@playwright/test';

/** The project of Playwright whose applications run in `next dev`. In the other projects, the built applications run. */
export const developmentProject = 'next-dev';

/** The applications of the current test run in development. */
export const isDevelopment = (): boolean => test.info().project.name === developmentProject;
