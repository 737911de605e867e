import type { FlavourName } from '@countersign/testing';
import { atlassian, kanidm } from '../../../src/providers/index.ts';
import type { OtherPreset, ProviderRow } from '../provider-row.ts';
import { auth0Row } from './enterprise/auth0.ts';
import { cognitoRow } from './enterprise/cognito.ts';
import { entraRow } from './enterprise/entra.ts';
import { oktaRow } from './enterprise/okta.ts';
import { salesforceRow } from './enterprise/salesforce.ts';
import { autheliaRow } from './self-hosted/authelia.ts';
import { authentikRow } from './self-hosted/authentik.ts';
import { dexRow } from './self-hosted/dex.ts';
import { hydraRow } from './self-hosted/hydra.ts';
import { keycloakRow } from './self-hosted/keycloak.ts';
import { logtoRow } from './self-hosted/logto.ts';
import { springRow } from './self-hosted/spring.ts';
import { zitadelRow } from './self-hosted/zitadel.ts';
import { githubRow } from './social/github.ts';
import { gitlabRow } from './social/gitlab.ts';
import { googleRow } from './social/google.ts';

/** The rows of the matrix, in the order of the document. A row has a preset and a flavour of the test server. */
export const rows: readonly ProviderRow[] = [
  auth0Row,
  autheliaRow,
  authentikRow,
  cognitoRow,
  dexRow,
  entraRow,
  githubRow,
  gitlabRow,
  googleRow,
  hydraRow,
  keycloakRow,
  logtoRow,
  oktaRow,
  salesforceRow,
  springRow,
  zitadelRow,
];

/** Presets without a row: the test server does not imitate their provider. */
export const otherPresets: readonly OtherPreset[] = [
  {
    title: 'Atlassian',
    example: atlassian(),
    reason: 'The test server has no flavour of Atlassian.',
  },
  {
    title: 'Kanidm',
    example: kanidm({ issuer: 'https://idm.example.com/oauth2/openid/web' }),
    reason: 'The test server has no flavour of Kanidm.',
  },
];

/** Flavours of the test server without a row, with the reason. */
export const flavoursWithoutRow: Readonly<Partial<Record<FlavourName, string>>> = {
  standard: 'It follows the specifications, so no preset is necessary.',
  adfs: 'There is no preset of AD FS.',
  apple: 'There is no preset of Apple.',
  'azure-b2c': 'There is no preset of Azure AD B2C.',
  'entra-multitenant': 'There is no preset of Entra ID with several tenants.',
  line: 'There is no preset of LINE.',
  linkedin: 'There is no preset of LinkedIn.',
  twitch: 'There is no preset of Twitch.',
};
