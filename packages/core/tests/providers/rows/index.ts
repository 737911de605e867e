import type { FlavourName } from '@countersign/testing';
import { atlassian, entraExternalId, kanidm } from '../../../src/providers/index.ts';
import type { OtherPreset, ProviderRow } from '../provider-row.ts';
import { adfsRow } from './enterprise/adfs.ts';
import { auth0Row } from './enterprise/auth0.ts';
import { azureAdB2cRow } from './enterprise/azure-ad-b2c.ts';
import { cognitoRow } from './enterprise/cognito.ts';
import { entraRow, entraTenantsRow } from './enterprise/entra.ts';
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
import { appleRow } from './social/apple.ts';
import { githubRow } from './social/github.ts';
import { gitlabRow } from './social/gitlab.ts';
import { googleRow } from './social/google.ts';
import { lineRow } from './social/line.ts';
import { linkedinRow } from './social/linkedin.ts';
import { twitchRow } from './social/twitch.ts';

/** The rows of the matrix, in the order of the document. A row has a preset and a flavour of the test server. */
export const rows: readonly ProviderRow[] = [
  adfsRow,
  appleRow,
  auth0Row,
  autheliaRow,
  authentikRow,
  azureAdB2cRow,
  cognitoRow,
  dexRow,
  entraRow,
  entraTenantsRow,
  githubRow,
  gitlabRow,
  googleRow,
  hydraRow,
  keycloakRow,
  lineRow,
  linkedinRow,
  logtoRow,
  oktaRow,
  salesforceRow,
  springRow,
  twitchRow,
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
    title: 'Microsoft Entra External ID',
    example: entraExternalId({
      tenant: '11111111-2222-3333-4444-555555555555',
      host: 'contoso.ciamlogin.com',
    }),
    reason: 'The test server has no flavour of Entra External ID.',
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
};
