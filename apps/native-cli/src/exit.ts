/** What a script can tell apart. */
export const exitCode = { success: 0, failure: 1, usage: 2, loginRequired: 3, apiRefused: 4 } as const;

/** The command line or a setting is wrong. */
export class UsageError extends Error {}

/** A failure that is explained to the user and is not the library's. */
export class CommandError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
