import { Component, computed } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { explain } from '../explain.ts';

/** The provider sends the user here; the library completes the login and goes on to the page they wanted. */
@Component({
  selector: 'app-callback',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      @if (reason(); as text) {
        <h1>Sign-in did not work</h1>
        <p role="alert">{{ text }}</p>
        <p class="actions">
          <button class="primary" type="button" (click)="auth.login({ returnTo: '/' })">Sign in again</button>
          <a class="button secondary" routerLink="/">Back to the start</a>
        </p>
        <p class="muted small-print">Reference: <code>{{ reference() }}</code></p>
      } @else if (auth.status() === 'loading') {
        <h1>Signing you in</h1>
        <p role="status">One moment.</p>
      } @else {
        <h1>Nothing to do here</h1>
        <p>This page completes a sign-in, and none is under way.</p>
        <p class="actions"><a class="button secondary" routerLink="/">Back to the start</a></p>
      }
    </section>
  `,
})
export class CallbackPage {
  protected readonly auth = injectAuth();
  protected readonly reason = computed(() => this.auth.error() && explain(this.auth.error()));
  protected readonly reference = computed(() => {
    const { code, check } = (this.auth.error() ?? {}) as { code?: string; check?: string };
    return check ? `${code}: ${check}` : code;
  });
}
