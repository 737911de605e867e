import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';

@Component({
  selector: 'app-home',
  imports: [RouterLink],
  template: `
    <section class="hero">
      <p class="eyebrow">Angular single-page app</p>
      @if (auth.isSignedIn()) {
        <h1>Good to see you, {{ auth.user()?.name ?? auth.user()?.id }}.</h1>
        <p class="lead">You are signed in. Your tokens live in this page's memory and nowhere else.</p>
      } @else {
        <h1>Sign in, call an API, keep no token lying around.</h1>
        <p class="lead">
          A public client with PKCE. Open a protected page and you are sent to sign in, and brought back to where you were.
        </p>
      }
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
  `,
})
export class HomePage {
  protected readonly auth = injectAuth();
}
