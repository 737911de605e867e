import { LoginRequiredError } from '../../../errors.ts';

/** A logout in this browser or at the provider has ended the login before its session began. */
export const createEndedLoginError = (): LoginRequiredError =>
  new LoginRequiredError(
    'session_ended',
    'A logout ended this login before its session began, so no session was started. Log in again.',
  );
