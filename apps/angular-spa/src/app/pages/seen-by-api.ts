import { httpResource } from '@angular/common/http';
import { Component, computed, inject } from '@angular/core';
import { explain } from '../explain.ts';
import { SETTINGS } from '../settings.ts';

/** What the API reads in the access token that the allow-list gives it at `/me`: it may read items, and no more. */
@Component({
  selector: 'app-seen-by-api',
  template: `
    <section class="panel" aria-labelledby="seen-title" [attr.aria-busy]="me.isLoading()">
      <div class="row spread">
        <h2 id="seen-title">A token that may only read</h2>
        <button class="secondary small" type="button" (click)="me.reload()">Ask the API</button>
      </div>
      <p>The allow-list asks for a narrower scope at <code>/me</code>. This is what the API sees in that token:</p>
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      } @else if (me.hasValue()) {
        <ul class="tags" aria-label="Scopes that the API sees">
          @for (scope of me.value().scopes; track scope) {
            <li><code>{{ scope }}</code></li>
          }
        </ul>
      } @else {
        <p class="muted" role="status">Loading</p>
      }
    </section>
  `,
})
export class SeenByApi {
  readonly #url = `${inject(SETTINGS).apiUrl}/me`;
  protected readonly me = httpResource<{ readonly scopes: readonly string[] }>(() => this.#url);
  protected readonly problem = computed(() => this.me.error() && explain(this.me.error()));
}
