/**
 * Passwords: nobody here keeps one, only its SHA-256 as 64 lower-case hexadecimal digits, which is
 * what ACL LIST shows and files hold.
 */
import { Sha256, SHA256_BYTES } from "../../base/sha256.ts";

const HASH_DIGITS = 2 * SHA256_BYTES;
const HASH = /^[0-9a-f]{64}$/;

/** The hash of a password. */
export function hashPassword(password: Uint8Array): string {
  const sha256 = new Sha256();
  sha256.update(password, 0, password.length);
  const digest = new Uint8Array(SHA256_BYTES);
  sha256.digest(digest, 0);
  sha256.erase();
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether a text can be the hash of a password. */
export function isPasswordHash(text: string): boolean {
  return HASH.test(text);
}

/** Whether a hash is among those: in a time that tells nothing of how much of one is right. */
export function isAmong(hash: string, hashes: readonly string[]): boolean {
  let isFound = false;
  for (const each of hashes) {
    let difference = 0;
    for (let i = 0; i < HASH_DIGITS; i++) difference |= hash.charCodeAt(i) ^ each.charCodeAt(i);
    if (difference === 0) isFound = true;
  }
  return isFound;
}
