/** Texts of `<SessionExpiry>`, as plain text. `{time}` is replaced by the remaining time, for example `1:30`. */
export interface SessionExpiryMessages {
  readonly warningTitle: string;
  readonly warningText: string;
  /** Instead of `warningText`, if the session has reached its absolute lifetime. */
  readonly finalText: string;
  readonly failure: string;
  readonly stay: string;
  readonly logOut: string;
  readonly close: string;
  readonly endedTitle: string;
  readonly endedText: string;
  readonly logIn: string;
}

const defaultMessages: SessionExpiryMessages = {
  warningTitle: 'Are you still there?',
  warningText: 'You will be signed out in {time}, because you have not used this application for a while.',
  finalText: 'Your session ends in {time} and cannot be extended. Save your work, then log in again.',
  failure: 'The server cannot be reached. Try again.',
  stay: 'Stay signed in',
  logOut: 'Log out',
  close: 'Close',
  endedTitle: 'You have been signed out',
  endedText: 'Your session has ended. Log in again to continue.',
  logIn: 'Log in again',
};

/** Adds the default of each text that is not set. */
export const fillMessages = (messages: object = {}): SessionExpiryMessages => ({
  ...defaultMessages,
  ...Object.fromEntries(Object.entries(messages).filter(([, text]) => text !== undefined)),
});

/** Minutes and seconds, for example `1:30`. */
export const formatTime = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
