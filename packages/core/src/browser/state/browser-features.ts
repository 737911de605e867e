import { ConfigurationError } from '../../errors.ts';

/** The error of a login in a page whose storage is lost when the page is left. */
export const createStorageError = (): ConfigurationError =>
  new ConfigurationError(
    'unsupported_by_browser',
    'The login needs sessionStorage, which the browser denies to this page. Allow cookies and site data for this site, or open the page in a tab of its own instead of a frame.',
  );
