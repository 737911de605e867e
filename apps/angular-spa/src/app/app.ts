import { Component, signal } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { injectAuth } from '@countersign/angular';

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
      </nav>
      <div class="account">
        @switch (auth.status()) {
          @case ('loading') {
            <span class="muted" role="status">Checking who you are</span>
          }
          @case ('signed-in') {
            <span class="who">{{ auth.user()?.name ?? auth.user()?.id }}</span>
            <button type="button" class="secondary" (click)="logout()">Sign out</button>
          }
          @default {
            <button type="button" class="primary" (click)="login()">Sign in</button>
          }
        }
      </div>
    </header>
    @if (failure(); as text) {
      <p class="banner" role="alert">{{ text }}</p>
    }
    <main id="main" #main tabindex="-1"><router-outlet /></main>
    <footer>A sample app: a public client in the browser, its tokens in memory alone.</footer>
  `,
})
export class App {
  protected readonly auth = injectAuth();
  protected readonly failure = signal<string | undefined>(undefined);

  protected login(): Promise<void> {
    return this.#attempt(() => this.auth.login());
  }

  protected logout(): Promise<void> {
    return this.#attempt(() => this.auth.logout());
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    this.failure.set(undefined);
    try {
      await action();
    } catch {
      this.failure.set('The identity provider cannot be reached. Try again in a moment.');
    }
  }
}
