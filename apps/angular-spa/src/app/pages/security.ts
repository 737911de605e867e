import { Component } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { SignedOutNotice } from './signed-out-notice.ts';

/** The guard of the route protects all child pages. */
@Component({
  selector: 'app-security',
  imports: [RouterLink, RouterLinkActive, RouterOutlet, SignedOutNotice],
  template: `
    @if (auth.status() === 'signed-out') {
      <app-signed-out-notice />
    } @else {
      <h1>Security</h1>
      <nav class="tabs" aria-label="Security">
        <a routerLink="/security" routerLinkActive="here" [routerLinkActiveOptions]="{ exact: true }" ariaCurrentWhenActive="page">Your login</a>
        <a routerLink="/security/tokens" routerLinkActive="here" ariaCurrentWhenActive="page">Tokens in code</a>
      </nav>
      <router-outlet />
    }
  `,
})
export class SecurityPage {
  protected readonly auth = injectAuth();
}
