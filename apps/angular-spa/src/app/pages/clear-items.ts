import { HttpClient } from '@angular/common/http';
import { Component, inject, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { firstValueFrom } from 'rxjs';
import { describeError } from '../errors/describe-error.ts';
import { SETTINGS } from '../settings/settings.ts';

@Component({
  selector: 'app-clear-items',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      <h1>Delete all items?</h1>
      <p>This cannot be undone. The API requires a recent login: if yours is older, you log in again and return to this page.</p>
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
      <p class="actions">
        <button class="danger" type="button" (click)="clear()" [disabled]="clearing()">
          {{ clearing() ? 'Deleting' : 'Delete all items' }}
        </button>
        <a class="button secondary" routerLink="/items">Cancel</a>
      </p>
    </section>
  `,
})
export class ClearItemsPage {
  readonly #http = inject(HttpClient);
  readonly #router = inject(Router);
  readonly #url = `${inject(SETTINGS).apiUrl}/items`;

  protected readonly clearing = signal(false);
  protected readonly problem = signal<string | undefined>(undefined);

  protected async clear(): Promise<void> {
    this.clearing.set(true);
    this.problem.set(undefined);
    try {
      await firstValueFrom(this.#http.delete(this.#url));
      await this.#router.navigateByUrl('/items');
    } catch (error) {
      // With `stepUp` in the allow-list, the browser is already redirected to the login.
      this.problem.set(describeError(error));
    } finally {
      this.clearing.set(false);
    }
  }
}
