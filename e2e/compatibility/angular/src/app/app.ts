import { Component } from '@angular/core';
import { RouterOutlet } from '@angular/router';
import { AuthSignedIn, injectAuth } from '@countersign/angular';

@Component({ selector: 'app-root', imports: [RouterOutlet, AuthSignedIn], templateUrl: './app.html' })
export class App {
  protected readonly auth = injectAuth();
}
