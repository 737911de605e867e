import { Component, inject, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { injectAuth } from '@countersign/angular';
import { injectAuthObservables } from '@countersign/angular/rxjs-interop';
import { distinctUntilChanged, filter, finalize, scan } from 'rxjs';
import { explain } from '../explain.ts';
import { SETTINGS } from '../settings.ts';

/** For code that the interceptor does not serve, and for code that is made of observables. */
@Component({
  selector: 'app-tokens',
  template: `
    @if (bearer) {
      <section class="panel" aria-labelledby="fetch-title">
        <div class="row spread">
          <h2 id="fetch-title">Without HttpClient</h2>
          <button class="secondary small" type="button" (click)="ask()" [disabled]="asking()">Ask by fetch</button>
        </div>
        <p>A library that uses <code>fetch</code> itself is handed a token, here one that may only read. This is what the API sees in it:</p>
        @if (problem(); as text) {
          <p class="error" role="alert">{{ text }}</p>
        }
        <ul class="tags" aria-label="Scopes by fetch">
          @for (scope of scopes(); track scope) {
            <li><code>{{ scope }}</code></li>
          } @empty {
            <li>Not asked yet</li>
          }
        </ul>
      </section>
    }
    <section class="panel" aria-labelledby="observables-title">
      <div class="row spread">
        <h2 id="observables-title">As observables</h2>
        <button class="secondary small" type="button" (click)="renew()" [disabled]="renewing()">Get a new token</button>
      </div>
      <p>Each signal is an observable too. Access tokens that have come since this page was opened: <strong data-testid="arrivals">{{ arrivals() }}</strong>.</p>
      @if (refusal(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
    </section>
  `,
})
export class Tokens {
  readonly #auth = injectAuth();
  readonly #settings = inject(SETTINGS);
  /** A token that is bound to a key needs a proof for each request, which the interceptor makes. */
  protected readonly bearer = !this.#settings.dpop;
  protected readonly scopes = signal<readonly string[]>([]);
  protected readonly asking = signal(false);
  protected readonly problem = signal<string | undefined>(undefined);
  protected readonly renewing = signal(false);
  protected readonly refusal = signal<string | undefined>(undefined);
  readonly #observables = injectAuthObservables();
  protected readonly arrivals = toSignal(
    this.#observables.expiresAt$.pipe(
      filter((end) => end !== undefined),
      distinctUntilChanged(),
      scan((count) => count + 1, 0),
    ),
    { initialValue: 0 },
  );

  protected renew(): void {
    this.renewing.set(true);
    this.refusal.set(undefined);
    this.#observables
      .accessToken$({ forceRefresh: true })
      .pipe(finalize(() => this.renewing.set(false)))
      .subscribe({ error: (error: unknown) => this.refusal.set(explain(error)) });
  }

  protected async ask(): Promise<void> {
    const { apiUrl, resource } = this.#settings;
    this.asking.set(true);
    this.problem.set(undefined);
    try {
      const { accessToken } = await this.#auth.getAccessToken({ resource, scope: 'items:read' });
      const response = await fetch(`${apiUrl}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
      if (!response.ok) throw new Error(`The API answered with status ${response.status}.`);
      const { scopes }: { readonly scopes: readonly string[] } = await response.json();
      this.scopes.set(scopes);
    } catch (error) {
      this.problem.set(explain(error));
    } finally {
      this.asking.set(false);
    }
  }
}
