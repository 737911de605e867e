import type { Type } from '@nestjs/common';

type Method = (...args: unknown[]) => unknown;

/** Replaces the function without its metadata, like decorators for tracing and caching. */
export const ReplaceMethod = (): MethodDecorator => (_target, _name, descriptor: PropertyDescriptor) => {
  const original = descriptor.value as Method;
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return original.apply(this, args);
  };
};

/** Copies methods, like mixin helpers. The helper of the TypeScript handbook also copies the constructor. */
export const CopyMethods =
  (source: Type, { everything = false } = {}): ClassDecorator =>
  (target) => {
    const names = Object.getOwnPropertyNames(source.prototype);
    for (const name of names.filter((each) => everything || each !== 'constructor'))
      Object.defineProperty(
        target.prototype,
        name,
        Object.getOwnPropertyDescriptor(source.prototype, name) as PropertyDescriptor,
      );
  };
