/**
 * The options that follow key and value in SET, and the key in GETEX. They come in any order and
 * may repeat; what cannot go together is a syntax error.
 */
import type { Call } from "../call.ts";
import { EX, EXAT, type ExpiryUnit, PX, PXAT } from "../expiry_argument.ts";

/** What {@link StringOptions.read} found; one object serves every call. */
export class StringOptions {
  isNx = false;
  isXx = false;
  isGet = false;
  isKeepTtl = false;
  isPersist = false;
  /** How the expiry is given; null when there is none. */
  unit: ExpiryUnit | null = null;
  /** The argument that the expiry stands in. */
  expiryIndex = 0;

  /**
   * Reads all arguments from `index` on.
   * @param isSet SET's options; otherwise GETEX's.
   * @returns false, after replying, when they are no valid options.
   */
  read(call: Call, index: number, isSet: boolean): boolean {
    this.#reset();
    const count = call.count;
    while (index < count) {
      const taken = this.#readExpiry(call, index) || this.#readWord(call, index, isSet);
      if (taken === 0) {
        call.syntaxError();
        return false;
      }
      index += taken;
    }
    return true;
  }

  /** Returns how many arguments were taken: 2, or 0 when this is no (allowed) expiry. */
  #readExpiry(call: Call, index: number): number {
    const unit = expiryUnitAt(call, index);
    if (unit === null || index + 1 >= call.count) return 0;
    if (this.isKeepTtl || this.isPersist || (this.unit !== null && this.unit !== unit)) return 0;
    this.unit = unit;
    this.expiryIndex = index + 1;
    return 2;
  }

  /** Returns how many arguments were taken: 1, or 0 when this is no (allowed) word. */
  #readWord(call: Call, index: number, isSet: boolean): number {
    if (!isSet) {
      if (this.unit !== null || !call.is(index, "persist")) return 0;
      this.isPersist = true;
    } else if (call.is(index, "nx")) {
      if (this.isXx) return 0;
      this.isNx = true;
    } else if (call.is(index, "xx")) {
      if (this.isNx) return 0;
      this.isXx = true;
    } else if (call.is(index, "get")) {
      this.isGet = true;
    } else {
      if (this.unit !== null || !call.is(index, "keepttl")) return 0;
      this.isKeepTtl = true;
    }
    return 1;
  }

  #reset(): void {
    this.isNx = false;
    this.isXx = false;
    this.isGet = false;
    this.isKeepTtl = false;
    this.isPersist = false;
    this.unit = null;
  }
}

function expiryUnitAt(call: Call, index: number): ExpiryUnit | null {
  if (call.is(index, "ex")) return EX;
  if (call.is(index, "px")) return PX;
  if (call.is(index, "exat")) return EXAT;
  if (call.is(index, "pxat")) return PXAT;
  return null;
}
