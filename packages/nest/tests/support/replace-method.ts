type Method = (...args: unknown[]) => unknown;

/** Replaces the function without its metadata, like decorators for tracing and caching. */
export const ReplaceMethod = (): MethodDecorator => (_target, _name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as Method;
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return original.apply(this, args);
  };
};
