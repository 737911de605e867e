import { ConfigurationError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';
import { omitUndefined } from '../internal/omit-undefined.ts';
import type { IssuerRule } from '../protocol/tokens/token-issuer.ts';
import type { ProviderPreset } from './provider.ts';

/** Options that a preset can replace. */
interface PresetOptions {
  readonly issuer?: string | undefined;
  readonly clientId: string;
  readonly provider?: ProviderPreset | undefined;
  readonly authorizationParameters?: Readonly<Record<string, string>> | undefined;
  readonly metadata?: object | undefined;
  readonly metadataUrl?: string | undefined;
}

/**
 * Adds the values of the preset in the option `provider`. An option that is set replaces the value of the preset. Authorization
 * parameters of both are sent.
 *
 * @throws ConfigurationError `invalid_option` if the preset has another issuer than the option, or if the issuer is a template
 *   without the decision of the application about tenants
 */
export function applyPreset<Options extends PresetOptions>(
  options: Options,
): Options & { readonly issuer: string } {
  const { provider } = options;
  checkTenants({ issuer: getIssuer(options), tenants: provider?.tenants });
  if (!provider) return options as Options & { readonly issuer: string };
  requirePresetIssuer(options.issuer, provider);
  const { issuer, metadata, metadataUrl, responseMode } = provider;
  const scope = getPresetScope(provider, options.clientId);
  const { idTokenSignedResponseAlg, tokenRequestFormat, allowLogoutTokenWithoutExp } = provider;
  // The application chooses where the metadata is from.
  const source = options.metadata || options.metadataUrl ? {} : { metadata, metadataUrl };
  return {
    ...omitUndefined({ ...source, scope, responseMode }),
    ...omitUndefined({ idTokenSignedResponseAlg, tokenRequestFormat, allowLogoutTokenWithoutExp }),
    ...omitUndefined(options),
    issuer,
    authorizationParameters: {
      ...provider.authorizationParameters,
      ...omitUndefined(options.authorizationParameters ?? {}),
    },
  };
}

/** Returns the scope of the preset. It may contain the client identifier. */
export const getPresetScope = (provider: ProviderPreset | undefined, clientId: string): string | undefined =>
  typeof provider?.scope === 'function' ? provider.scope(clientId) : provider?.scope;

/** A template accepts the tokens of each tenant of the provider, unless the application decides about the tenants. */
function checkTenants({ issuer, tenants }: IssuerRule): void {
  const isDecision = typeof tenants?.acceptTenant === 'function' || Array.isArray(tenants?.acceptTenant);
  const isValid = tenants
    ? isDecision && issuer.split(tenants.placeholder).length === 2
    : !/[{}]/.test(issuer);
  if (isValid) return;
  throw new ConfigurationError(
    'invalid_option',
    isDevelopment
      ? `"issuer" is "${issuer}", the template of a provider with several tenants. Set the option provider to a preset that says which tenants are accepted, for example entra({ tenant: 'organizations', acceptTenant: ['<tenant ID>'] }).`
      : 'issuer',
  );
}

/** @throws ConfigurationError `invalid_option` if an issuer is set that is not that of the preset */
export function requirePresetIssuer(issuer: string | undefined, provider: ProviderPreset): void {
  if (issuer === undefined || issuer === provider.issuer) return;
  throw new ConfigurationError(
    'invalid_option',
    isDevelopment
      ? `"issuer" is "${issuer}", but the preset "${provider.name}" in the option provider has the issuer "${provider.issuer}". Remove one of them.`
      : 'issuer',
  );
}

/** Returns the issuer of the options, or else that of their preset. */
export const getIssuer = ({ issuer, provider }: Pick<PresetOptions, 'issuer' | 'provider'>): string =>
  issuer ?? provider?.issuer ?? '';
