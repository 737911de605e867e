import { httpResource } from '@angular/common/http';
import { Component, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { AuthSignedIn, injectAuth } from '@countersign/angular';
import { describeError } from '../errors/describe-error.ts';
import { nativeShell } from '../native-shell.ts';
import { SETTINGS } from '../settings/settings.ts';

@Component({
  selector: 'app-home',
  imports: [AuthSignedIn, RouterLink],
  template: `
    <section class="hero">
      <p class="eyebrow">Angular single-page app</p>
      <ng-container *authSignedIn="true; else signedOut">
        <h1>Welcome, {{ auth.user()?.name ?? auth.user()?.sub }}.</h1>
        <p class="lead">You are signed in. Your tokens are held only in the memory of this page.</p>
      </ng-container>
      <ng-template #signedOut>
        <h1>Log in and call an API, with no token in storage.</h1>
        <p class="lead">
          A public client with PKCE. Open a protected page: you log in and return to that page.
        </p>
        @if (hasPopupLogin) {
          <p><button type="button" class="secondary" (click)="openLoginWindow()">Open a login window</button></p>
        }
        @if (failure(); as text) {
          <p role="alert">{{ text }}</p>
        }
      </ng-template>
      <p class="actions">
        <a class="button primary" routerLink="/items">Open your items</a>
        <a class="button secondary" routerLink="/profile">Show your profile</a>
      </p>
    </section>
    <ul class="cards">
      <li>
        <h2>Nothing in storage</h2>
        <p>Reload this page: a silent login in a hidden frame restores your session.</p>
      </li>
      <li>
        <h2>One refresh</h2>
        <p>Access tokens are valid for one minute here. Concurrent requests share one refresh.</p>
      </li>
      <li>
        <h2>Only to the API</h2>
        <p>The interceptor compares parsed origins and path segments. All other requests are sent without a token.</p>
      </li>
    </ul>
    <p class="health" role="status">
      <span class="dot" [class.up]="health.hasValue()" aria-hidden="true"></span>
      @if (health.hasValue()) {
        The API is available. If you are signed in, the request contained an access token.
      } @else if (health.error()) {
        The API is not available.
      } @else {
        Checking whether the API is available.
      }
    </p>
  `,
})
export class HomePage {
  readonly #url = `${inject(SETTINGS).apiUrl}/health`;
  protected readonly auth = injectAuth();
  protected readonly hasPopupLogin = !nativeShell;
  protected readonly failure = signal<string | undefined>(undefined);
  protected readonly health = httpResource(() => this.#url);

  /** Logs in without leaving the page. Browsers open a window only in the handler of a click. */
  protected async openLoginWindow(): Promise<void> {
    this.failure.set(undefined);
    try {
      await this.auth.login({ display: 'popup' });
    } catch (error) {
      this.failure.set(describeError(error));
    }
  }
}
