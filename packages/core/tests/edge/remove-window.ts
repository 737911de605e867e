/** Removes globals that the test runner adds and that the edge runtime does not have. */
for (const name of ['window', 'top', 'parent']) {
  Reflect.deleteProperty(globalThis, name);
}
