import { httpResource } from '@angular/common/http';
import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { AuthSignedIn, injectAuth } from '@countersign/angular';
import { SETTINGS } from '../settings.ts';

@Component({
  selector: 'app-home',
  imports: [AuthSignedIn, RouterLink],
  template: `
    <section class="hero">
      <p class="eyebrow">Angular single-page app</p>
      <ng-container *authSignedIn="true; else guest">
        <h1>Good to see you, {{ auth.user()?.name ?? auth.user()?.sub }}.</h1>
        <p class="lead">You are signed in. Your tokens live in this page's memory and nowhere else.</p>
      </ng-container>
      <ng-template #guest>
        <h1>Sign in, call an API, keep no token lying around.</h1>
        <p class="lead">
          A public client with PKCE. Open a protected page and you are sent to sign in, and brought back to where you were.
        </p>
      </ng-template>
      <p class="actions">
        <a class="button primary" routerLink="/items">Open your items</a>
        <a class="button secondary" routerLink="/profile">See your profile</a>
      </p>
    </section>
    <ul class="cards">
      <li>
        <h2>Nothing in storage</h2>
        <p>Reload this page: a hidden frame asks the provider again, and you are still signed in.</p>
      </li>
      <li>
        <h2>Renewed in time</h2>
        <p>Access tokens live a minute here. However many requests wait, one refresh serves all of them.</p>
      </li>
      <li>
        <h2>Only to the API</h2>
        <p>The interceptor compares parsed origins and path segments. Every other request goes out without a token.</p>
      </li>
    </ul>
    <p class="health" role="status">
      <span class="dot" [class.up]="health.hasValue()" aria-hidden="true"></span>
      @if (health.hasValue()) {
        The API is up. It answers guests here too; whoever is signed in shows a token.
      } @else if (health.error()) {
        The API does not answer at the moment.
      } @else {
        Asking the API whether it is up.
      }
    </p>
  `,
})
export class HomePage {
  readonly #url = `${inject(SETTINGS).apiUrl}/health`;
  protected readonly auth = injectAuth();
  protected readonly health = httpResource(() => this.#url);
}
