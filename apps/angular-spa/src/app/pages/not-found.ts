import { Component } from '@angular/core';
import { RouterLink } from '@angular/router';

@Component({
  selector: 'app-not-found',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      <h1>Page not found</h1>
      <p>Check the URL.</p>
      <p class="actions"><a class="button secondary" routerLink="/">Back to the home page</a></p>
    </section>
  `,
})
export class NotFoundPage {}
