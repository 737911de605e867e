import { Component, computed } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { describeError } from '../errors/describe-error.ts';

/**
 * The redirect URI, where the library completes the login and navigates to `returnTo`. It is also the page that guards show
 * after a failed login.
 */
@Component({
  selector: 'app-callback',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      @if (reason(); as text) {
        <h1>Login failed</h1>
        <p role="alert">{{ text }}</p>
        <p class="actions">
          <button class="primary" type="button" (click)="auth.login()">Log in again</button>
          <a class="button secondary" routerLink="/">Back to the home page</a>
        </p>
        <p class="muted small-print">Reference: <code>{{ reference() }}</code></p>
      } @else if (auth.status() === 'loading') {
        <h1>Logging you in</h1>
        <p role="status">Please wait.</p>
      } @else {
        <h1>No login in progress</h1>
        <p>This page completes a login.</p>
        <p class="actions"><a class="button secondary" routerLink="/">Back to the home page</a></p>
      }
    </section>
  `,
})
export class CallbackPage {
  protected readonly auth = injectAuth();
  protected readonly reason = computed(() => this.auth.error() && describeError(this.auth.error()));
  protected readonly reference = computed(() => {
    const { code, check } = (this.auth.error() ?? {}) as { code?: string; check?: string };
    return check ? `${code}: ${check}` : code;
  });
}
