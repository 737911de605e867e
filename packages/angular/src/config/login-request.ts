import type { AuthConfig } from './auth-config.ts';

/**
 * Adds the resources and scopes of the APIs to those of the login. A provider issues tokens only for what was requested at
 * the login.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 */
export function addApiRequests(config: AuthConfig): AuthConfig {
  const { apis = [], provider, resource = [] } = config;
  const presetScope =
    typeof provider?.scope === 'function' ? provider.scope(config.clientId) : provider?.scope;
  const scope = config.scope ?? presetScope ?? 'openid';
  const resources = [resource, ...apis.map((api) => api.resource ?? [])].flat(2);
  const scopes = [scope, ...apis.map((api) => api.scope ?? [])].flat().flatMap((text) => text.split(' '));
  return {
    ...config,
    scope: [...new Set(scopes.filter((name) => name !== ''))].join(' '),
    ...(resources.length > 0 && { resource: [...new Set(resources)] }),
  };
}
