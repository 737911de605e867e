// @platforms node: oidc-provider needs Node.
import { describe, expect, test } from 'vitest';
import {
  pollDeviceAuthorization,
  requestClientCredentials,
  requestDeviceAuthorization,
} from '../../src/index.ts';
import { createBrowser } from './support/browser.ts';
import { createRelyingParty, provider } from './support/relying-parties.ts';
import { resource } from './support/start-provider.ts';

describe('grants without a browser', () => {
  test('polls until the user completes a device login', async () => {
    const client = createRelyingParty('none');
    const device = await requestDeviceAuthorization(client, { scope: 'openid profile' });
    let polls = 0;
    const tokens = await pollDeviceAuthorization(client, device, {
      wait: async () => {
        polls += 1;
        if (polls < 2) return;
        const { page } = await createBrowser(provider.issuer).visit(device.verificationUriComplete as string);
        expect(page).toContain('Sign-in Success');
      },
    });
    expect(polls).toBe(2);
    expect(tokens.claims?.sub).toBe('alice');
  });

  test('requests a token with client credentials', async () => {
    const tokens = await requestClientCredentials(createRelyingParty('private_key_jwt'), {
      scope: 'items:read',
      resource,
    });
    expect(tokens).toMatchObject({ tokenType: 'Bearer', scopes: ['items:read'] });
  });
});
