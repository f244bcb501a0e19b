/**
 * Assertions: statements about our own code, never about a client's input. A failed one is a bug;
 * it ends the process with a stack trace and is never turned into a reply.
 */

/** Thrown by {@link assert} and {@link unreachable}; nothing in the core catches it. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AssertionFailure";
  }
}

/**
 * Throws an {@link AssertionFailure} where `condition` is false.
 *
 * @param message a constant: one put together from values would be built on every call.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Marks a place that the types say cannot be reached, such as a switch's default. */
export function unreachable(value: never): never {
  throw new AssertionFailure("unreachable: " + String(value));
}
