import { Component, inject, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { injectAuth } from '@countersign/angular';
import { injectAuthObservables } from '@countersign/angular/rxjs-interop';
import { distinctUntilChanged, filter, finalize, scan } from 'rxjs';
import { describeError } from '../errors/describe-error.ts';
import { SETTINGS } from '../settings/settings.ts';

/** Shows access tokens without the interceptor, and the observables. */
@Component({
  selector: 'app-tokens',
  template: `
    @if (bearer) {
      <section class="panel" aria-labelledby="fetch-title">
        <div class="row spread">
          <h2 id="fetch-title">Without HttpClient</h2>
          <button class="secondary small" type="button" (click)="callApi()" [disabled]="calling()">Call with fetch</button>
        </div>
        <p>Code that uses <code>fetch</code> calls <code>getAccessToken()</code>, here for a read-only token. The API received a token with these scopes:</p>
        @if (problem(); as text) {
          <p class="error" role="alert">{{ text }}</p>
        }
        <ul class="tags" aria-label="Scopes with fetch">
          @for (scope of scopes(); track scope) {
            <li><code>{{ scope }}</code></li>
          } @empty {
            <li>Not called yet</li>
          }
        </ul>
      </section>
    }
    <section class="panel" aria-labelledby="observables-title">
      <div class="row spread">
        <h2 id="observables-title">As observables</h2>
        <button class="secondary small" type="button" (click)="refresh()" [disabled]="refreshing()">Get a new token</button>
      </div>
      <p>Each signal is also available as an observable. Access tokens since this page was opened: <strong data-testid="token-count">{{ tokenCount() }}</strong>.</p>
      @if (failure(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
    </section>
  `,
})
export class Tokens {
  readonly #auth = injectAuth();
  readonly #settings = inject(SETTINGS);
  /** A DPoP-bound token requires a proof for each request, which only the interceptor creates. */
  protected readonly bearer = !this.#settings.dpop;
  protected readonly scopes = signal<readonly string[]>([]);
  protected readonly calling = signal(false);
  protected readonly problem = signal<string | undefined>(undefined);
  protected readonly refreshing = signal(false);
  protected readonly failure = signal<string | undefined>(undefined);
  readonly #observables = injectAuthObservables();
  protected readonly tokenCount = toSignal(
    this.#observables.expiresAt$.pipe(
      filter((expiresAt) => expiresAt !== undefined),
      distinctUntilChanged(),
      scan((count) => count + 1, 0),
    ),
    { initialValue: 0 },
  );

  protected refresh(): void {
    this.refreshing.set(true);
    this.failure.set(undefined);
    this.#observables
      .accessToken$({ forceRefresh: true })
      .pipe(finalize(() => this.refreshing.set(false)))
      .subscribe({ error: (error: unknown) => this.failure.set(describeError(error)) });
  }

  protected async callApi(): Promise<void> {
    const { apiUrl, resource } = this.#settings;
    this.calling.set(true);
    this.problem.set(undefined);
    try {
      const { accessToken } = await this.#auth.getAccessToken({ resource, scope: 'items:read' });
      const response = await fetch(`${apiUrl}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      if (!response.ok) throw new Error(`The API returned status ${response.status}.`);
      const { scopes }: { readonly scopes: readonly string[] } = await response.json();
      this.scopes.set(scopes);
    } catch (error) {
      this.problem.set(describeError(error));
    } finally {
      this.calling.set(false);
    }
  }
}
