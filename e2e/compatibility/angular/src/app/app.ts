import { Component } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { AuthSignedIn, injectAuth } from '@countersign/angular';

@Component({
  selector: 'app-root',
  imports: [RouterOutlet, AuthSignedIn],
  template: `
    <p id="status">{{ auth.status() }}</p>
    <p *authSignedIn id="user">{{ auth.user()?.sub }}</p>
    <button id="log-out" type="button" (click)="auth.logout()">Log out</button>
    <router-outlet />
  `,
})
export class App {
  protected readonly auth = injectAuth();
}
