import { DatePipe } from '@angular/common';
import { Component, computed, signal } from '@angular/core';
import { injectAuth } from '@countersign/angular';
import { explain } from '../explain.ts';

/** What an app does before something that matters: the user proves once more who they are (RFC 9470). */
@Component({
  selector: 'app-confirm',
  imports: [DatePipe],
  template: `
    <section class="panel" aria-labelledby="confirm-title">
      <h2 id="confirm-title">Confirm that it is you</h2>
      @if (confirmedAt(); as time) {
        <p>You entered your password at <strong data-testid="confirmed-at">{{ time * 1000 | date: 'HH:mm:ss' }}</strong>.</p>
      } @else {
        <p>You have been signed in for a while, maybe by another app. Before something that matters, this app can ask for the password again.</p>
      }
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
      <p class="actions">
        <button class="primary" type="button" (click)="confirm()">Enter the password again</button>
      </p>
    </section>
  `,
})
export class Confirm {
  readonly #auth = injectAuth();
  /** Seconds since the epoch; the provider says it where it was asked for a recent login. */
  protected readonly confirmedAt = computed(() => this.#auth.claims()?.auth_time);
  protected readonly problem = signal<string | undefined>(undefined);

  protected async confirm(): Promise<void> {
    try {
      await this.#auth.stepUp({ maxAge: 0 });
    } catch (error) {
      this.problem.set(explain(error));
    }
  }
}
