import { sanitizeReturnTo } from '../../../protocol/login/return-to.ts';
import type { SessionContext } from '../../context.ts';

/** The page after a login without `returnTo`. */
export const getDefaultReturnTo = ({ options, basePath, baseUrl }: SessionContext): string =>
  sanitizeReturnTo(options.afterLogin, { origin: baseUrl.origin, fallback: `${basePath}/` });
