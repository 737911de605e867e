/** The names of the optional members of `T` that do not accept `undefined` where `exactOptionalPropertyTypes` is set. */
export type StrictMembers<T> = T extends unknown
  ? {
      [K in keyof T]-?: object extends Pick<T, K>
        ? { [P in K]: undefined } extends Pick<T, K>
          ? never
          : K
        : never;
    }[keyof T]
  : never;
