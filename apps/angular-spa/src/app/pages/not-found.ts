import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';

@Component({
  selector: 'app-not-found',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      <h1>There is no such page</h1>
      <p>The address may be old, or mistyped.</p>
      <p class="actions"><a class="button secondary" routerLink="/">Back to the start</a></p>
    </section>
  `,
})
export class NotFoundPage {}
