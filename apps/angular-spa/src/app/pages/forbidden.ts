import { Component, computed } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';

/** Guards redirect here if the user lacks a permission. The page lists the missing permissions. */
@Component({
  selector: 'app-forbidden',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      @if (auth.user(); as user) {
        <h1>{{ missing().length > 0 ? 'Access denied' : 'You have access to all pages' }}</h1>
        <p>You are signed in as <strong>{{ user.name ?? user.sub }}</strong>.</p>
        @for (permission of missing(); track permission) {
          <p>{{ permission }}</p>
        } @empty {
          <p>This account can open every page of this app.</p>
        }
        <p class="actions"><a class="button secondary" routerLink="/items">Back to the items</a></p>
      } @else if (auth.status() === 'loading') {
        <h1>Please wait</h1>
        <p role="status">Checking your permissions.</p>
      } @else {
        <h1>You are not signed in</h1>
        <p>Some pages require a permission. Log in to open them.</p>
        <p class="actions"><button class="primary" type="button" (click)="auth.login({ returnTo: '/' })">Log in</button></p>
      }
    </section>
  `,
})
export class ForbiddenPage {
  protected readonly auth = injectAuth();
  protected readonly missing = computed(() => [
    ...(this.auth.scopes().includes('items:write') ? [] : ['This account cannot change items.']),
    ...(this.auth.claims()?.email_verified === true
      ? []
      : ['The e-mail address of this account is not verified. The reports require a verified address.']),
  ]);
}
