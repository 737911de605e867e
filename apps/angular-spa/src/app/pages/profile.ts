import { Component, computed, type OnDestroy, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { describeError } from '../errors/describe-error.ts';
import { ReadOnlyToken } from './read-only-token.ts';
import { SignedOutNotice } from './signed-out-notice.ts';

@Component({
  selector: 'app-profile',
  imports: [RouterLink, ReadOnlyToken, SignedOutNotice],
  template: `
    @if (auth.status() === 'signed-out') {
      <app-signed-out-notice />
    } @else {
      <h1>Your profile</h1>
      <p class="lead">The claims of your validated ID token, and the remaining lifetime of your access token.</p>

      <section class="panel person">
        <span class="avatar" aria-hidden="true">{{ initial() }}</span>
        <div>
          <h2>{{ auth.user()?.name ?? auth.user()?.sub }}</h2>
          <p class="muted">{{ auth.user()?.email }}</p>
        </div>
        <a class="button secondary small" routerLink="/security">Security</a>
      </section>

      <section class="panel" aria-labelledby="token-title">
        <div class="row spread">
          <h2 id="token-title">Access token</h2>
          <button class="secondary small" type="button" (click)="refresh()" [disabled]="refreshing()">Refresh now</button>
        </div>
        <p>
          @if (secondsLeft() > 0) {
            Valid for <strong data-testid="seconds-left">{{ secondsLeft() }}</strong> more seconds. It is refreshed when a request requires it.
          } @else {
            It has expired. The next request to the API refreshes it first.
          }
        </p>
        <ul class="tags" aria-label="Granted scopes">
          @for (scope of auth.scopes(); track scope) {
            <li><code>{{ scope }}</code></li>
          }
        </ul>
        @if (problem(); as text) {
          <p class="error" role="alert">{{ text }}</p>
        }
      </section>

      <app-read-only-token />

      <section class="panel" aria-labelledby="claims-title">
        <h2 id="claims-title">Claims</h2>
        <dl class="claims">
          @for (claim of claims(); track claim.name) {
            <div><dt><code>{{ claim.name }}</code></dt><dd>{{ claim.value }}</dd></div>
          }
        </dl>
      </section>
    }
  `,
})
export class ProfilePage implements OnDestroy {
  protected readonly auth = injectAuth();
  protected readonly refreshing = signal(false);
  protected readonly problem = signal<string | undefined>(undefined);
  readonly #now = signal(Date.now());
  readonly #clock = setInterval(() => this.#now.set(Date.now()), 1000);

  protected readonly initial = computed(() =>
    (this.auth.user()?.name ?? this.auth.user()?.sub ?? '').slice(0, 1).toUpperCase(),
  );
  protected readonly secondsLeft = computed(() => {
    const expiresAt = this.auth.expiresAt();
    return expiresAt === undefined ? 0 : Math.max(0, Math.round(expiresAt - this.#now() / 1000));
  });
  protected readonly claims = computed(() =>
    Object.entries(this.auth.claims() ?? {})
      .filter(([name]) => !['nonce', 'at_hash'].includes(name))
      .map(([name, value]) => ({ name, value: formatClaim(name, value) })),
  );

  protected async refresh(): Promise<void> {
    this.refreshing.set(true);
    this.problem.set(undefined);
    try {
      await this.auth.getAccessToken({ forceRefresh: true });
    } catch (error) {
      this.problem.set(describeError(error));
    } finally {
      this.refreshing.set(false);
    }
  }

  ngOnDestroy(): void {
    clearInterval(this.#clock);
  }
}

/** Formats a claim. Times in a token are seconds since the epoch. */
function formatClaim(name: string, value: unknown): string {
  if (['iat', 'exp', 'auth_time'].includes(name)) return new Date(Number(value) * 1000).toLocaleString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
