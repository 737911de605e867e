/** The exit codes. */
export const exitCode = { success: 0, failure: 1, usage: 2, loginRequired: 3, apiRejected: 4 } as const;

/** The command line or a setting is wrong. */
export class UsageError extends Error {}

/** A failure of the program, with a message for the user. */
export class CommandError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
