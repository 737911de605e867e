import { Component, computed, type OnDestroy, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { explain } from '../explain.ts';
import { SeenByApi } from './seen-by-api.ts';

@Component({
  selector: 'app-profile',
  imports: [RouterLink, SeenByApi],
  template: `
    <h1>Your profile</h1>
    <p class="lead">What the validated ID token says about you, and how long your access token lasts.</p>

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
        <button class="secondary small" type="button" (click)="renew()" [disabled]="renewing()">Renew now</button>
      </div>
      <p>
        @if (secondsLeft() > 0) {
          Valid for <strong data-testid="seconds-left">{{ secondsLeft() }}</strong> more seconds. It is renewed when a request needs it.
        } @else {
          It has ended. The next request to the API renews it first.
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

    <app-seen-by-api />

    <section class="panel" aria-labelledby="claims-title">
      <h2 id="claims-title">Claims</h2>
      <dl class="claims">
        @for (claim of claims(); track claim.name) {
          <div><dt><code>{{ claim.name }}</code></dt><dd>{{ claim.value }}</dd></div>
        }
      </dl>
    </section>
  `,
})
export class ProfilePage implements OnDestroy {
  protected readonly auth = injectAuth();
  protected readonly renewing = signal(false);
  protected readonly problem = signal<string | undefined>(undefined);
  readonly #now = signal(Date.now());
  readonly #clock = setInterval(() => this.#now.set(Date.now()), 1000);

  protected readonly initial = computed(() =>
    (this.auth.user()?.name ?? this.auth.user()?.sub ?? '').slice(0, 1).toUpperCase(),
  );
  protected readonly secondsLeft = computed(() => {
    const end = this.auth.expiresAt();
    return end === undefined ? 0 : Math.max(0, Math.round(end - this.#now() / 1000));
  });
  protected readonly claims = computed(() =>
    Object.entries(this.auth.claims() ?? {})
      .filter(([name]) => !['nonce', 'at_hash'].includes(name))
      .map(([name, value]) => ({ name, value: readable(name, value) })),
  );

  protected async renew(): Promise<void> {
    this.renewing.set(true);
    this.problem.set(undefined);
    try {
      await this.auth.getAccessToken({ forceRefresh: true });
    } catch (error) {
      this.problem.set(explain(error));
    } finally {
      this.renewing.set(false);
    }
  }

  ngOnDestroy(): void {
    clearInterval(this.#clock);
  }
}

/** Times are numbers of seconds in a token. */
function readable(name: string, value: unknown): string {
  if (['iat', 'exp', 'auth_time'].includes(name)) return new Date(Number(value) * 1000).toLocaleString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
