import { Component, Input, provideZonelessChangeDetection } from '@angular/core';
import { type BootstrapContext, bootstrapApplication } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { injectAuthTesting, provideAuthTesting, type TestAuthState } from '@countersign/angular/testing';
import { expect, test } from 'vitest';
import { AuthSignedIn } from './auth-signed-in.ts';

// The Angular compiler derives these decorators from `input()`. Without the compiler, they are explicit.
for (const name of ['authSignedIn', 'authSignedInElse'] as const) {
  Input({ isSignal: true, alias: name, required: false } as Input)(AuthSignedIn.prototype, name);
}

class Page {
  readonly testing = injectAuthTesting();
}
Component({
  selector: 'app-root',
  imports: [AuthSignedIn],
  template: `
    <i *authSignedIn>user</i>
    <b *authSignedIn="true; else signedOut">user with alternative</b>
    <s *authSignedIn="false">signed-out only</s>
    <ng-template #signedOut>signed-out alternative</ng-template>`,
})(Page);

/** Renders the page after a sequence of states. */
async function renderStates(first: TestAuthState, ...later: TestAuthState[]): Promise<string> {
  const html = await renderApplication(
    async (context: BootstrapContext) => {
      const app = await bootstrapApplication(
        Page,
        {
          providers: [provideZonelessChangeDetection(), provideServerRendering(), provideAuthTesting(first)],
        },
        context,
      );
      const page: Page = app.components[0]?.instance;
      for (const state of later) {
        page.testing.setState(state);
        app.tick();
      }
      return app;
    },
    { document: '<app-root></app-root>', url: 'https://app.example/', allowedHosts: ['app.example'] },
  );
  return html
    .slice(html.indexOf('<app-root'), html.indexOf('</app-root>'))
    .replace(/<[^>]*>/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(', ');
}

const user = { sub: 'user-1' };

test('shows nothing while the login state is unknown', async () => {
  expect(await renderStates({ status: 'loading' })).toBe('');
});

test('shows the element to a signed-in user', async () => {
  expect(await renderStates({ user })).toBe('user, user with alternative');
});

test('shows the alternative to other users', async () => {
  expect(await renderStates({})).toBe('signed-out alternative, signed-out only');
  expect(await renderStates({ status: 'error' })).toBe('signed-out alternative, signed-out only');
});

test('changes after login and logout', async () => {
  expect(await renderStates({ status: 'loading' }, { user })).toBe('user, user with alternative');
  expect(await renderStates({ user }, {})).toBe('signed-out alternative, signed-out only');
  expect(await renderStates({ user }, {}, { user })).toBe('user, user with alternative');
});
