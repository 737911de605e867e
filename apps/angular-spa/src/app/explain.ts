import { HttpErrorResponse } from '@angular/common/http';
import {
  AuthorizationServerError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '@countersign/angular';

/** What a failure means to the person in front of the screen, and what to do about it. */
export function explain(error: unknown): string {
  if (error instanceof HttpErrorResponse) return explainStatus(error.status);
  if (error instanceof LoginRequiredError) return 'Your sign-in has ended. Sign in again.';
  if (error instanceof TransportError)
    return 'The identity provider cannot be reached. Try again in a moment.';
  if (error instanceof AuthorizationServerError && error.error === 'access_denied') {
    return 'You did not allow this app to sign you in.';
  }
  if (error instanceof ValidationError && error.code === 'transaction_invalid') {
    return 'This sign-in link has been used before, is too old, or was not started in this browser tab.';
  }
  if (error instanceof ValidationError)
    return 'The answer did not come from the identity provider as expected.';
  return 'Something unexpected happened.';
}

function explainStatus(status: number): string {
  if (status === 401) return 'The API does not accept your sign-in any more. Sign in again.';
  if (status === 403) return 'You may not do this: your account lacks the permission (403).';
  if (status === 0) return 'The API cannot be reached. Try again in a moment.';
  return `The API answered with status ${status}.`;
}
