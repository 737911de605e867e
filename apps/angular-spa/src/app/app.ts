import { Component, computed } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { injectAuth, TransportError } from '@countersign/angular';
import { explain } from './explain.ts';

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
            <span class="muted" role="status">Checking who you are</span>
          }
          @case ('signed-in') {
            <span class="who">{{ auth.user()?.name ?? auth.user()?.sub }}</span>
            <button type="button" class="secondary" (click)="auth.logout()">Sign out</button>
          }
          @default {
            <button type="button" class="primary" (click)="auth.login()">Sign in</button>
          }
        }
      </div>
    </header>
    @if (failure(); as text) {
      <p class="banner" role="alert">{{ text }}</p>
    }
    <main id="main" #main tabindex="-1"><router-outlet /></main>
    <footer>A sample app: public clients in the browser, for demonstration.</footer>
  `,
})
export class App {
  protected readonly auth = injectAuth();

  /** What kept the user from signing in or out; the callback page tells the rest. */
  protected readonly failure = computed(() => {
    const error = this.auth.error();
    return error instanceof TransportError ? explain(error) : undefined;
  });
}
