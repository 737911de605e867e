import { Directive, effect, inject, input, TemplateRef, ViewContainerRef } from '@angular/core';
import { injectAuth } from './inject-auth.ts';

/**
 * Shows its element to signed-in users alone: `<a *authSignedIn>Sign out</a>`, or
 * `<a *authSignedIn="true; else guest">`. In control flow write `@if (auth.isSignedIn())`.
 */
@Directive({ selector: '[authSignedIn]' })
export class AuthSignedIn {
  /** `false` turns it round. */
  readonly authSignedIn = input<boolean | ''>(true);
  /** Shown to everybody else, once it is known that they are not signed in. */
  readonly authSignedInElse = input<TemplateRef<unknown>>();

  constructor() {
    const auth = injectAuth();
    const template = inject<TemplateRef<unknown>>(TemplateRef);
    const container = inject(ViewContainerRef);
    effect(() => {
      const known = auth.status() !== 'loading';
      const shown = auth.isSignedIn() === (this.authSignedIn() !== false);
      const view = known ? (shown ? template : this.authSignedInElse()) : undefined;
      container.clear();
      if (view) container.createEmbeddedView(view);
    });
  }
}
