import { DatePipe } from '@angular/common';
import { Component, computed, signal } from '@angular/core';
import { injectAuth } from '@countersign/angular';
import { describeError } from '../errors/describe-error.ts';

/** Asks for a new login before a sensitive action (RFC 9470). */
@Component({
  selector: 'app-confirm',
  imports: [DatePipe],
  template: `
    <section class="panel" aria-labelledby="confirm-title">
      <h2 id="confirm-title">Confirm your identity</h2>
      @if (confirmedAt(); as time) {
        <p>You entered your password at <strong data-testid="confirmed-at">{{ time * 1000 | date: 'HH:mm:ss' }}</strong>.</p>
      } @else {
        <p>You have been signed in for a while, possibly through another app. Before a sensitive action, this app can ask for your password again.</p>
      }
      @if (problem(); as text) {
        <p class="error" role="alert">{{ text }}</p>
      }
      <p class="actions">
        <button class="primary" type="button" (click)="confirm()">Enter your password again</button>
      </p>
    </section>
  `,
})
export class Confirm {
  readonly #auth = injectAuth();
  /** Seconds since the epoch. The provider returns it if a recent login was requested. */
  protected readonly confirmedAt = computed(() => this.#auth.claims()?.auth_time);
  protected readonly problem = signal<string | undefined>(undefined);

  protected async confirm(): Promise<void> {
    try {
      await this.#auth.stepUp({ maxAge: 0 });
    } catch (error) {
      this.problem.set(describeError(error));
    }
  }
}
