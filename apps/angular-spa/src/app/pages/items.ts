import { DatePipe } from '@angular/common';
import { HttpClient, type HttpErrorResponse, httpResource } from '@angular/common/http';
import { Component, computed, inject, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { injectAuth } from '@countersign/angular';
import { firstValueFrom } from 'rxjs';
import { describeError } from '../errors/describe-error.ts';
import { SETTINGS } from '../settings/settings.ts';
import { SignedOutNotice } from './signed-out-notice.ts';

interface Item {
  readonly id: string;
  readonly title: string;
  readonly createdAt: string;
}

@Component({
  selector: 'app-items',
  imports: [DatePipe, RouterLink, SignedOutNotice],
  template: `
    @if (auth.status() === 'signed-out') {
      <app-signed-out-notice />
    } @else {
      <h1>Your items</h1>
      <p class="lead">The API returns them. It validates the access token of every request.</p>

      <form class="panel add" (submit)="add($event, title)">
        <label for="title">New item</label>
        <div class="row">
          <input #title id="title" name="title" required maxlength="200" autocomplete="off" placeholder="For example: Buy milk">
          <button class="primary" type="submit" [disabled]="saving()">{{ saving() ? 'Adding' : 'Add' }}</button>
        </div>
        @if (failure(); as text) {
          <p class="error" role="alert">{{ text }}</p>
        }
      </form>

      <section class="panel" aria-labelledby="list-title" [attr.aria-busy]="items.isLoading()">
        <div class="row spread">
          <h2 id="list-title">On the list</h2>
          <button class="secondary small" type="button" (click)="items.reload()">Reload</button>
        </div>
        @if (problem(); as text) {
          <p class="error" role="alert">{{ text }}</p>
        } @else if (items.hasValue()) {
          @if (newestFirst().length > 0) {
            <ul class="items">
              @for (item of newestFirst(); track item.id) {
                <li>
                  <span>{{ item.title }}</span>
                  <time class="muted" [attr.datetime]="item.createdAt">{{ item.createdAt | date: 'HH:mm:ss' }}</time>
                </li>
              }
            </ul>
            <p class="end"><a routerLink="/items/clear">Delete all items</a></p>
          } @else {
            <p class="muted empty">No items yet. Add the first item above.</p>
          }
        } @else {
          <p class="muted empty" role="status">Loading</p>
        }
      </section>
    }
  `,
})
export class ItemsPage {
  protected readonly auth = injectAuth();
  readonly #http = inject(HttpClient);
  readonly #url = `${inject(SETTINGS).apiUrl}/items`;

  /** Unlike `user`, it does not change at a refresh. */
  readonly #sub = computed(() => this.auth.user()?.sub);
  /** A list belongs to one user: it is deleted after a logout, and requested again for another user. */
  protected readonly items = httpResource<readonly Item[]>(() =>
    this.#sub() === undefined ? undefined : this.#url,
  );
  protected readonly newestFirst = computed(() =>
    this.items.hasValue() ? [...this.items.value()].reverse() : [],
  );
  protected readonly problem = computed(() => this.items.error() && describeError(this.items.error()));
  protected readonly saving = signal(false);
  protected readonly failure = signal<string | undefined>(undefined);

  protected async add(event: Event, input: HTMLInputElement): Promise<void> {
    event.preventDefault();
    const title = input.value.trim();
    if (title === '') return;
    this.saving.set(true);
    this.failure.set(undefined);
    try {
      await firstValueFrom(this.#http.post<Item>(this.#url, { title }));
      input.value = '';
      this.items.reload();
    } catch (error) {
      this.failure.set(describeError(error as HttpErrorResponse));
    } finally {
      this.saving.set(false);
    }
  }
}
