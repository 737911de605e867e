import type { AuthorizationServerMetadata } from '../../client/wire/server-metadata.ts';
import type { ProviderBehaviour } from '../../providers/provider.ts';
import { recognizeProvider } from '../../providers/recognize-provider.ts';
import type { BrowserContext } from '../options.ts';

/** Returns how the provider differs from the standards: its preset, or the behaviour of a provider that is recognized. */
export const findProvider = (
  { issuer, options }: BrowserContext,
  { authorization_endpoint: authorizationEndpoint }: AuthorizationServerMetadata,
): ProviderBehaviour | undefined => options.provider ?? recognizeProvider({ issuer, authorizationEndpoint });
