import { Component, computed } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { injectAuth, TransportError } from '@countersign/angular';
import { describeError } from './errors/describe-error.ts';

@Component({
  selector: 'app-root',
  imports: [RouterOutlet, RouterLink, RouterLinkActive],
  template: `
    <a class="skip" href="#main" (click)="main.focus(); $event.preventDefault()">Skip to the content</a>
    <header class="bar">
      <a class="brand" routerLink="/"><span class="mark" aria-hidden="true"></span>Countersign</a>
      <nav aria-label="Main">
        <a routerLink="/items" routerLinkActive="here" ariaCurrentWhenActive="page">Items</a>
        <a routerLink="/profile" routerLinkActive="here" ariaCurrentWhenActive="page">Profile</a>
        <a routerLink="/reports" routerLinkActive="here" ariaCurrentWhenActive="page">Reports</a>
        <a routerLink="/activity" routerLinkActive="here" ariaCurrentWhenActive="page">Activity</a>
      </nav>
      <div class="account">
        @switch (auth.status()) {
          @case ('loading') {
            <span class="muted" role="status">Checking your login</span>
          }
          @case ('signed-in') {
            <span class="who">{{ auth.user()?.name ?? auth.user()?.sub }}</span>
            <button type="button" class="secondary" (click)="auth.logout()">Log out</button>
          }
          @default {
            <button type="button" class="primary" (click)="auth.login()">Log in</button>
          }
        }
      </div>
    </header>
    @if (failure(); as text) {
      <p class="banner" role="alert">{{ text }}</p>
    }
    <main id="main" #main tabindex="-1"><router-outlet /></main>
    <footer>A sample app with public clients in the browser. For demonstration only.</footer>
  `,
})
export class App {
  protected readonly auth = injectAuth();

  /** A network failure during login or logout. The callback page shows other failures. */
  protected readonly failure = computed(() => {
    const error = this.auth.error();
    return error instanceof TransportError ? describeError(error) : undefined;
  });
}
