import { CommandFixture } from "../fixture.ts";

export class SetFixture extends CommandFixture {
  /** The members of a set, sorted. */
  members(key: string): string[] {
    return this.list("SMEMBERS", key).sort();
  }
}

/** So many integers, as text. */
export function integers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

/** So many members that are no integers. */
export function texts(count: number, from = 0): string[] {
  return integers(count, from).map((number) => `member:${number}`);
}
