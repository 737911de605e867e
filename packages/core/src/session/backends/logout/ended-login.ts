import { LoginRequiredError } from '../../../errors.ts';

/** The provider has ended the login, and the application has confirmed it, before the session of the login began. */
export const createEndedLoginError = (): LoginRequiredError =>
  new LoginRequiredError(
    'session_ended',
    'The provider ended this login while its code was exchanged, so no session was started. Log in again.',
  );
