/** Checks whether a body consists of `name=value` pairs without white space, as some older OAuth 2 servers send it. */
export const isFormText = (text: string): boolean => /^\w{1,40}=[^\s<>]*$/.test(text);
