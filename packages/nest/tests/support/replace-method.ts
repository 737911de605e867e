type Method = (...args: unknown[]) => unknown;

/** As decorators for tracing and caching do: the function is another one, and has none of the metadata. */
export const Replaced = (): MethodDecorator => (_target, _name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as Method;
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return original.apply(this, args);
  };
};
