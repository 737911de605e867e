import { Component, Input, provideZonelessChangeDetection } from '@angular/core';
import { type BootstrapContext, bootstrapApplication } from '@angular/platform-browser';
import { provideServerRendering, renderApplication } from '@angular/platform-server';
import { injectAuthTesting, provideAuthTesting, type TestAuthState } from '@countersign/angular/testing';
import { expect, test } from 'vitest';
import { AuthSignedIn } from './auth-signed-in.ts';

// The Angular compiler reads these from `input()`; without it they are written out.
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
    <b *authSignedIn="true; else guest">user with alternative</b>
    <s *authSignedIn="false">guest alone</s>
    <ng-template #guest>guest instead</ng-template>`,
})(Page);

/** What is shown for a state, after the states that came before it. */
async function shown(first: TestAuthState, ...later: TestAuthState[]): Promise<string> {
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
        page.testing.set(state);
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

test('nothing is shown until it is known who is there', async () => {
  expect(await shown({ status: 'loading' })).toBe('');
});

test('a signed-in user sees the element', async () => {
  expect(await shown({ user })).toBe('user, user with alternative');
});

test('everybody else sees the alternative, where there is one', async () => {
  expect(await shown({})).toBe('guest instead, guest alone');
  expect(await shown({ status: 'error' })).toBe('guest instead, guest alone');
});

test('it follows logins and logouts', async () => {
  expect(await shown({ status: 'loading' }, { user })).toBe('user, user with alternative');
  expect(await shown({ user }, {})).toBe('guest instead, guest alone');
  expect(await shown({ user }, {}, { user })).toBe('user, user with alternative');
});
