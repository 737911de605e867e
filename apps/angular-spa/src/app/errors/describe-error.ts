import { HttpErrorResponse } from '@angular/common/http';
import {
  AuthorizationServerError,
  LoginRequiredError,
  TransportError,
  ValidationError,
} from '@countersign/angular';

/** Describes an error to the user, with the next step. */
export function describeError(error: unknown): string {
  if (error instanceof HttpErrorResponse) return describeStatus(error.status);
  if (error instanceof LoginRequiredError && error.code === 'popup_blocked')
    return 'The browser blocked the login window. Allow it for this page, or use the button "Log in".';
  if (error instanceof LoginRequiredError && error.code === 'popup_closed')
    return 'The login window was closed before the login was complete.';
  if (error instanceof LoginRequiredError) return 'Your login has expired. Log in again.';
  if (error instanceof TransportError) return 'The login service cannot be reached. Try again in a moment.';
  if (error instanceof AuthorizationServerError && error.error === 'access_denied') {
    return 'You denied this app access to your account.';
  }
  if (error instanceof ValidationError && error.code === 'transaction_invalid') {
    return 'This login response was already used, has expired, or was not started in this browser tab.';
  }
  if (error instanceof ValidationError)
    return 'The login response did not come from the expected login service.';
  return 'An unexpected error occurred.';
}

function describeStatus(status: number): string {
  if (status === 401) return 'The API rejected your access token. Log in again.';
  if (status === 403) return 'You cannot do this: your account lacks the permission (403).';
  if (status === 0) return 'The API cannot be reached. Try again in a moment.';
  return `The API returned status ${status}.`;
}
