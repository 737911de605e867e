import { Directive, effect, inject, input, TemplateRef, ViewContainerRef } from '@angular/core';
import { injectAuth } from './inject-auth.ts';

/**
 * Shows an element only while the user is signed in. In control flow, use `@if (auth.isSignedIn())` instead.
 *
 * @example
 * ```ts
 * import { Component } from '@angular/core';
 * import { AuthSignedIn } from '@countersign/angular';
 *
 * @Component({
 *   selector: 'app-menu',
 *   imports: [AuthSignedIn],
 *   template: `
 *     <a *authSignedIn="true; else signedOut" href="/account">Account</a>
 *     <ng-template #signedOut>You are not signed in.</ng-template>
 *   `,
 * })
 * export class Menu {}
 * ```
 */
@Directive({ selector: '[authSignedIn]' })
export class AuthSignedIn {
  /** `false` shows the element only while the user is not signed in. Default: `true`. */
  readonly authSignedIn = input<boolean | ''>(true);
  /** The template to show in the other case. While the login state is unknown, nothing is shown. */
  readonly authSignedInElse = input<TemplateRef<unknown>>();

  constructor() {
    const auth = injectAuth();
    const template = inject<TemplateRef<unknown>>(TemplateRef);
    const container = inject(ViewContainerRef);
    effect(() => {
      const isKnown = auth.status() !== 'loading';
      const isShown = auth.isSignedIn() === (this.authSignedIn() !== false);
      const view = isKnown ? (isShown ? template : this.authSignedInElse()) : undefined;
      container.clear();
      if (view) container.createEmbeddedView(view);
    });
  }
}
