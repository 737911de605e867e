import { HttpClient } from '@angular/common/http';
import { Component, inject, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { firstValueFrom } from 'rxjs';
import { explain } from '../explain.ts';
import { SETTINGS } from '../settings.ts';

@Component({
  selector: 'app-clear-items',
  imports: [RouterLink],
  template: `
    <section class="panel notice">
      <h1>Delete all items?</h1>
      <p>This cannot be undone. The API wants a recent sign-in for it: if yours is older, you sign in once more and come back to this page.</p>
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
      <p class="actions">
        <button class="danger" type="button" (click)="clear()" [disabled]="clearing()">
          {{ clearing() ? 'Deleting' : 'Delete all items' }}
        </button>
        <a class="button secondary" routerLink="/items">Keep them</a>
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
      // With the entry's `stepUp`, the page is being left to sign in again.
      this.problem.set(explain(error));
    } finally {
      this.clearing.set(false);
    }
  }
}
