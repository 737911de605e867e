import { ConfigurationError } from '../errors.ts';
import { adfs } from './presets/adfs.ts';
import { apple } from './presets/apple.ts';
import { atlassian } from './presets/atlassian.ts';
import { auth0 } from './presets/auth0.ts';
import { authelia } from './presets/authelia.ts';
import { authentik } from './presets/authentik.ts';
import { cognito } from './presets/cognito.ts';
import { dex } from './presets/dex.ts';
import { entra } from './presets/entra.ts';
import { github } from './presets/github.ts';
import { gitlab } from './presets/gitlab.ts';
import { google } from './presets/google.ts';
import { hydra } from './presets/hydra.ts';
import { kanidm } from './presets/kanidm.ts';
import { keycloak } from './presets/keycloak.ts';
import { line } from './presets/line.ts';
import { linkedin } from './presets/linkedin.ts';
import { logto } from './presets/logto.ts';
import { okta } from './presets/okta.ts';
import { salesforce } from './presets/salesforce.ts';
import { spring } from './presets/spring.ts';
import { twitch } from './presets/twitch.ts';
import { zitadel } from './presets/zitadel.ts';
import type { ProviderPreset } from './provider.ts';

/** Creates each preset for web sessions from the issuer identifier. Providers with one address ignore it. */
const presets: Readonly<Record<string, (issuer: string, clientSecret: string) => ProviderPreset>> = {
  adfs: (issuer) => adfs({ issuer }),
  apple: () => apple(),
  line: (_, channelSecret) => line({ channelSecret }),
  linkedin,
  twitch,
  auth0: (issuer) => auth0({ domain: getHost(issuer) }),
  cognito: (issuer) => cognito({ userPoolId: issuer.split('/').at(-1) ?? '' }),
  dex: (issuer) => dex({ issuer }),
  entra: (issuer) => entra({ tenant: new URL(issuer).pathname.split('/')[1] ?? '' }),
  google,
  github,
  atlassian,
  zitadel: (issuer) => zitadel({ issuer }),
  authentik: (issuer) => authentik({ issuer }),
  hydra: (issuer) => hydra({ issuer }),
  authelia: (issuer) => authelia({ issuer }),
  spring: (issuer) => spring({ issuer }),
  gitlab: (issuer) => gitlab({ issuer }),
  salesforce: (issuer) => salesforce({ issuer }),
  logto: (issuer) => logto({ issuer }),
  kanidm: (issuer) => kanidm({ issuer }),
  keycloak: (issuer) => keycloak({ issuer }),
  okta: (issuer) =>
    okta({ domain: getHost(issuer), authorizationServer: /\/oauth2\/([^/]+)$/.exec(issuer)?.[1] }),
};

/** Presets of providers with one address. */
const fixedAddresses: readonly string[] = [
  'apple',
  'atlassian',
  'github',
  'google',
  'line',
  'linkedin',
  'twitch',
];

const getHost = (issuer: string) => new URL(issuer).host;

/**
 * Creates the preset with a name, for example from the environment.
 *
 * @param issuer the issuer identifier, if it is known
 * @param clientSecret the client secret, with which LINE signs ID tokens
 * @throws ConfigurationError `invalid_option` for an unknown name, or if the issuer is not one of the provider
 * @throws ConfigurationError `missing_option` without an issuer, if the provider has no fixed address
 */
export function createNamedPreset(
  name: string,
  issuer: string | undefined,
  clientSecret = '',
): ProviderPreset {
  const createPreset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!createPreset) {
    throw new ConfigurationError(
      'invalid_option',
      `AUTH_PROVIDER is "${name}", expected one of ${Object.keys(presets).join(', ')}.`,
    );
  }
  if (!fixedAddresses.includes(name) && (issuer === undefined || !URL.canParse(issuer))) {
    throw new ConfigurationError(
      issuer === undefined ? 'missing_option' : 'invalid_option',
      `AUTH_PROVIDER is "${name}", so AUTH_ISSUER must be the issuer identifier of the provider, a URL.`,
    );
  }
  const preset = createPreset(issuer ?? '', clientSecret);
  if (issuer === undefined || preset.issuer === issuer) return preset;
  throw new ConfigurationError(
    'invalid_option',
    `AUTH_ISSUER is "${issuer}", expected "${preset.issuer}" for AUTH_PROVIDER "${name}".`,
  );
}
