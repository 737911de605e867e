import { Component, NgModule } from '@angular/core';
import { BrowserModule, platformBrowser } from '@angular/platform-browser';
import { RouterModule } from '@angular/router';
import { AuthSignedIn, injectAuth } from '@countersign/angular';
import { authProviders } from './app/auth-providers';
import { routes } from './app/routes';

@Component({ selector: 'app-root', standalone: false, templateUrl: './app/app.html' })
export class App {
  protected readonly auth = injectAuth();
}

@NgModule({
  declarations: [App],
  imports: [BrowserModule, RouterModule.forRoot(routes), AuthSignedIn],
  providers: [authProviders],
  bootstrap: [App],
})
export class AppModule {}

platformBrowser()
  .bootstrapModule(AppModule)
  .catch((error) => console.error(error));
