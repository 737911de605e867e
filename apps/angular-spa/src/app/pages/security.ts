import { Component } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';

/** Its pages are for whoever is signed in: the guard of the route stands before all of them. */
@Component({
  selector: 'app-security',
  imports: [RouterLink, RouterLinkActive, RouterOutlet],
  template: `
    <h1>Security</h1>
    <nav class="tabs" aria-label="Security">
      <a routerLink="/security" routerLinkActive="here" [routerLinkActiveOptions]="{ exact: true }" ariaCurrentWhenActive="page">Your sign-in</a>
      <a routerLink="/security/tokens" routerLinkActive="here" ariaCurrentWhenActive="page">Tokens in code</a>
    </nav>
    <router-outlet />
  `,
})
export class SecurityPage {}
