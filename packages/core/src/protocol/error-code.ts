/** Limits the error code of a provider to the characters and the length that are safe in a message. */
export const toPrintableErrorCode = (error: string): string => error.replace(/[^\w.:-]/g, '').slice(0, 100);
