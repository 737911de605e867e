import { ConfigurationError } from '../errors.ts';
import { isDevelopment } from '../internal/development.ts';
import { omitUndefined } from '../internal/omit-undefined.ts';
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
 * @throws ConfigurationError `invalid_option` if the preset has another issuer than the option
 */
export function applyPreset<Options extends PresetOptions>(
  options: Options,
): Options & { readonly issuer: string } {
  const { provider } = options;
  if (!provider) return options as Options & { readonly issuer: string };
  requirePresetIssuer(options.issuer, provider);
  const { issuer, metadata, metadataUrl, scope, responseMode } = provider;
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
