import { Component } from '@angular/core';
import { injectAuth } from '@countersign/angular';

/** Replaces a protected page after a logout in another tab: the guard checks only navigations. */
@Component({
  selector: 'app-signed-out-notice',
  template: `
    <section class="panel notice">
      <h1>You are signed out</h1>
      <p>You logged out, here or in another tab, or your login has ended.</p>
      <p class="actions"><button class="primary" type="button" (click)="auth.login()">Log in again</button></p>
    </section>
  `,
})
export class SignedOutNotice {
  protected readonly auth = injectAuth();
}
