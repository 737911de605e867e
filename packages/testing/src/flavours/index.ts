import { adfs } from './enterprise/adfs.ts';
import { auth0 } from './enterprise/auth0.ts';
import { azureB2c } from './enterprise/azure-b2c.ts';
import { cognito } from './enterprise/cognito.ts';
import { entra } from './enterprise/entra.ts';
import { entraMultitenant } from './enterprise/entra-multitenant.ts';
import { okta } from './enterprise/okta.ts';
import { salesforce } from './enterprise/salesforce.ts';
import type { Flavour } from './flavour.ts';
import type { FlavourName } from './flavour-name.ts';
import { authelia } from './self-hosted/authelia.ts';
import { authentik } from './self-hosted/authentik.ts';
import { dex } from './self-hosted/dex.ts';
import { hydra } from './self-hosted/hydra.ts';
import { keycloak } from './self-hosted/keycloak.ts';
import { logto } from './self-hosted/logto.ts';
import { spring } from './self-hosted/spring.ts';
import { zitadel } from './self-hosted/zitadel.ts';
import { apple } from './social/apple.ts';
import { github } from './social/github.ts';
import { gitlab } from './social/gitlab.ts';
import { google } from './social/google.ts';
import { line } from './social/line.ts';
import { linkedin } from './social/linkedin.ts';
import { twitch } from './social/twitch.ts';
import { standard } from './standard.ts';

/** All flavours by name. */
export const flavours: Readonly<Record<FlavourName, Flavour>> = {
  standard,
  adfs,
  apple,
  auth0,
  authelia,
  authentik,
  'azure-b2c': azureB2c,
  cognito,
  dex,
  entra,
  'entra-multitenant': entraMultitenant,
  github,
  gitlab,
  google,
  hydra,
  keycloak,
  line,
  linkedin,
  logto,
  okta,
  salesforce,
  spring,
  twitch,
  zitadel,
};
