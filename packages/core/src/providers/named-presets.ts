import { ConfigurationError } from '../errors.ts';
import { adfs } from './presets/enterprise/adfs.ts';
import { auth0 } from './presets/enterprise/auth0.ts';
import { cognito } from './presets/enterprise/cognito.ts';
import { entra } from './presets/enterprise/entra.ts';
import { okta } from './presets/enterprise/okta.ts';
import { salesforce } from './presets/enterprise/salesforce.ts';
import { authelia } from './presets/self-hosted/authelia.ts';
import { authentik } from './presets/self-hosted/authentik.ts';
import { dex } from './presets/self-hosted/dex.ts';
import { hydra } from './presets/self-hosted/hydra.ts';
import { kanidm } from './presets/self-hosted/kanidm.ts';
import { keycloak } from './presets/self-hosted/keycloak.ts';
import { logto } from './presets/self-hosted/logto.ts';
import { spring } from './presets/self-hosted/spring.ts';
import { zitadel } from './presets/self-hosted/zitadel.ts';
import { apple } from './presets/social/apple.ts';
import { atlassian } from './presets/social/atlassian.ts';
import { github } from './presets/social/github.ts';
import { gitlab } from './presets/social/gitlab.ts';
import { google } from './presets/social/google.ts';
import { line } from './presets/social/line.ts';
import { linkedin } from './presets/social/linkedin.ts';
import { twitch } from './presets/social/twitch.ts';
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
