import { ConfigurationError } from '../errors.ts';
import { atlassian } from './atlassian.ts';
import { auth0 } from './auth0.ts';
import { cognito } from './cognito.ts';
import { dex } from './dex.ts';
import { entra } from './entra.ts';
import { github } from './github.ts';
import { google } from './google.ts';
import { kanidm } from './kanidm.ts';
import { keycloak } from './keycloak.ts';
import { okta } from './okta.ts';
import type { ProviderPreset } from './provider.ts';

/** Creates each preset from the issuer identifier. Providers with one address ignore it. */
const presets: Readonly<Record<string, (issuer: string) => ProviderPreset>> = {
  atlassian,
  auth0: (issuer) => auth0({ domain: getHost(issuer) }),
  cognito: (issuer) => cognito({ userPoolId: issuer.split('/').at(-1) ?? '' }),
  dex: (issuer) => dex({ issuer }),
  entra: (issuer) => entra({ tenant: new URL(issuer).pathname.split('/')[1] ?? '' }),
  github,
  google,
  kanidm: (issuer) => kanidm({ issuer }),
  keycloak: (issuer) => keycloak({ issuer }),
  okta: (issuer) =>
    okta({ domain: getHost(issuer), authorizationServer: /\/oauth2\/([^/]+)$/.exec(issuer)?.[1] }),
};

const getHost = (issuer: string) => new URL(issuer).host;

/** Presets of providers with one address. */
const fixedPresets = ['atlassian', 'github', 'google'];

/**
 * Creates the preset with a name, for example from the environment.
 *
 * @param issuer the issuer identifier, if it is known
 * @throws ConfigurationError `invalid_option` for an unknown name, or if the issuer is not one of the provider
 * @throws ConfigurationError `missing_option` without an issuer, if the provider has no fixed address
 */
export function createNamedPreset(name: string, issuer: string | undefined): ProviderPreset {
  const createPreset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!createPreset) {
    throw new ConfigurationError(
      'invalid_option',
      `AUTH_PROVIDER is "${name}", expected one of ${Object.keys(presets).join(', ')}.`,
    );
  }
  if (fixedPresets.includes(name)) return createPreset('');
  if (issuer === undefined || !URL.canParse(issuer)) {
    throw new ConfigurationError(
      issuer === undefined ? 'missing_option' : 'invalid_option',
      `AUTH_PROVIDER is "${name}", so AUTH_ISSUER must be the issuer identifier of the provider, a URL.`,
    );
  }
  return createPreset(issuer);
}
