/** The test runner adds these to the edge runtime for its own sake; the runtime itself has none of them. */
for (const name of ['window', 'top', 'parent']) {
  Reflect.deleteProperty(globalThis, name);
}
