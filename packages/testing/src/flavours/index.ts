import { auth0 } from './enterprise/auth0.ts';
import { cognito } from './enterprise/cognito.ts';
import { entra } from './enterprise/entra.ts';
import { entraMultitenant } from './enterprise/entra-multitenant.ts';
import { okta } from './enterprise/okta.ts';
import type { Flavour } from './flavour.ts';
import type { FlavourName } from './flavour-name.ts';
import { dex } from './self-hosted/dex.ts';
import { hydra } from './self-hosted/hydra.ts';
import { keycloak } from './self-hosted/keycloak.ts';
import { spring } from './self-hosted/spring.ts';
import { apple } from './social/apple.ts';
import { github } from './social/github.ts';
import { google } from './social/google.ts';
import { standard } from './standard.ts';

const flavours: Readonly<Record<FlavourName, Flavour>> = {
  standard,
  apple,
  auth0,
  cognito,
  dex,
  entra,
  'entra-multitenant': entraMultitenant,
  github,
  google,
  hydra,
  keycloak,
  okta,
  spring,
};

/** Finds the flavour of a name. */
export const findFlavour = (name: FlavourName): Flavour => flavours[name];
