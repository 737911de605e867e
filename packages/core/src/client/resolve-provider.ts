import { callListener } from '../events.ts';
import { writeLine } from '../internal/console-lines.ts';
import type { ProviderBehaviour } from '../providers/provider.ts';
import { recognizeProvider } from '../providers/recognize-provider.ts';
import type { Client } from './client.ts';
import { getClientContext } from './client-context.ts';
import type { AuthorizationServerMetadata } from './wire/server-metadata.ts';

/**
 * Returns how the provider differs from the standards: the preset in the option `provider`, or the behaviour of a provider that
 * is recognized. The first recognition is an event, or without a listener a line in the console.
 */
export function resolveProvider(
  client: Client,
  { authorization_endpoint: authorizationEndpoint }: AuthorizationServerMetadata,
): ProviderBehaviour | undefined {
  const { options, state } = getClientContext(client);
  if (options.provider) return options.provider;
  const { issuer } = client;
  const provider = recognizeProvider({ issuer, authorizationEndpoint });
  if (provider && !state.isProviderReported) {
    state.isProviderReported = true;
    if (options.onEvent)
      callListener(options.onEvent, { type: 'provider.recognized', issuer, name: provider.name });
    else {
      const text = `the provider ${issuer} was recognized as "${provider.name}". To select it, set the option provider: ${provider.name}(...) of @countersign/core/providers.`;
      writeLine('info', { kind: `provider ${provider.name}`, text });
    }
  }
  return provider;
}
