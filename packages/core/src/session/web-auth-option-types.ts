import { clientOptionHints, clientOptionTypes } from '../client/client-option-types.ts';
import { checkOptions, type OptionType } from '../internal/check-options.ts';
import { sessionOptionHints, sessionOptionTypes } from './option-types.ts';
import type { WebAuthOptions } from './web-auth-options.ts';

const { redirectUri: _, ...ownClientOptionTypes } = clientOptionTypes;

const types: Readonly<Partial<Record<keyof WebAuthOptions, OptionType>>> = {
  ...ownClientOptionTypes,
  ...sessionOptionTypes,
  baseUrl: 'text list',
  clientSecret: 'string',
  apiOrigins: 'text list',
  trustProxy: 'boolean',
  environment: 'object',
};

const redirectHint =
  'The redirect URI follows from baseUrl and routes. Set these, and register it at the provider.';

const hints = {
  ...clientOptionHints,
  ...sessionOptionHints,
  client_secret: 'Did you mean "clientSecret"?',
  redirectUri: redirectHint,
  redirect_uri: redirectHint,
  callbackUrl: redirectHint,
};

/** @throws ConfigurationError `invalid_option` for a wrong type or a name that resembles that of an option */
export function checkWebAuthOptions(options: WebAuthOptions): void {
  checkOptions('createAuth()', options, { types, hints });
}
