import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';

@Component({
  selector: 'app-forbidden',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      <h1>Not with this account</h1>
      <p>
        @if (auth.user(); as user) {
          You are signed in as <strong>{{ user.name ?? user.id }}</strong>, who may not change items.
        } @else {
          This page is for accounts that may change items.
        }
      </p>
      <p class="actions"><a class="button secondary" routerLink="/items">Back to the items</a></p>
    </section>
  `,
})
export class ForbiddenPage {
  protected readonly auth = injectAuth();
}
