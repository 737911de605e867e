import { httpResource } from '@angular/common/http';
import { Component, computed, inject } from '@angular/core';
import { describeError } from '../errors/describe-error.ts';
import { SETTINGS } from '../settings/settings.ts';

/** Shows the scopes of the access token that the interceptor sends to `/me`: it can only read items. */
@Component({
  selector: 'app-read-only-token',
  template: `
    <section class="panel" aria-labelledby="read-only-title" [attr.aria-busy]="me.isLoading()">
      <div class="row spread">
        <h2 id="read-only-title">A read-only token</h2>
        <button class="secondary small" type="button" (click)="me.reload()">Call the API</button>
      </div>
      <p>The allow-list requests a narrower scope for <code>/me</code>. The API received a token with these scopes:</p>
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      } @else if (me.hasValue()) {
        <ul class="tags" aria-label="Scopes that the API received">
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
export class ReadOnlyToken {
  readonly #url = `${inject(SETTINGS).apiUrl}/me`;
  protected readonly me = httpResource<{ readonly scopes: readonly string[] }>(() => this.#url);
  protected readonly problem = computed(() => this.me.error() && describeError(this.me.error()));
}
