import { Component, computed } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';

/** Guards send users here whose account lacks something. Who comes by themselves is told as much as there is to tell. */
@Component({
  selector: 'app-forbidden',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      @if (auth.user(); as user) {
        <h1>{{ lacks().length > 0 ? 'Not with this account' : 'Nothing is closed to you' }}</h1>
        <p>You are signed in as <strong>{{ user.name ?? user.sub }}</strong>.</p>
        @for (lack of lacks(); track lack) {
          <p>{{ lack }}</p>
        } @empty {
          <p>This account may open every page of this app.</p>
        }
        <p class="actions"><a class="button secondary" routerLink="/items">Back to the items</a></p>
      } @else if (auth.status() === 'loading') {
        <h1>One moment</h1>
        <p role="status">Checking what your account may open.</p>
      } @else {
        <h1>You are not signed in</h1>
        <p>Some pages are for certain accounts alone. Sign in to see them.</p>
        <p class="actions"><button class="primary" type="button" (click)="auth.login({ returnTo: '/' })">Sign in</button></p>
      }
    </section>
  `,
})
export class ForbiddenPage {
  protected readonly auth = injectAuth();
  protected readonly lacks = computed(() => [
    ...(this.auth.scopes().includes('items:write') ? [] : ['This account may not change items.']),
    ...(this.auth.claims()?.email_verified === true
      ? []
      : ['Its e-mail address is not verified, and the reports are for those whose is.']),
  ]);
}
