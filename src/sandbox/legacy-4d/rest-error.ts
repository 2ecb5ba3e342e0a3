/** A request that 4D answers with `__ERROR`. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly errCode: number,
    message: string,
  ) {
    super(message);
  }
}

/** Documented codes. */
export const ERR = { attribute: 1500, attributeList: 1804, noEntity: 1542, entitySet: 1802, permission: 1561 } as const;

/** What 4D says to a filter or a path it does not understand is not documented. */
export const UNREADABLE = 1513;

export function unreadable(what: string): RestError {
  return new RestError(500, UNREADABLE, what);
}

export function noAttribute(name: string, dataClass: string): RestError {
  return new RestError(500, ERR.attribute, `Attribute "${name}" not found in dataclass "${dataClass}"`);
}

/** The status is documented, the code is not. */
export function noClass(name: string): RestError {
  return new RestError(404, 1504, `The dataclass "${name}" cannot be found`);
}
