/**
 * Which inputs a fuzz test tries: `PAGURUS_FUZZ_COUNT` says how many, `PAGURUS_FUZZ_SEED` which (1),
 * and `PAGURUS_FUZZ_INPUT` is the seed of one that alone is tried again.
 */
import process from "node:process";
import { Prng } from "../../src/base/prng.ts";
import { latin1Bytes } from "../../src/base/ascii.ts";

const { PAGURUS_FUZZ_COUNT, PAGURUS_FUZZ_SEED, PAGURUS_FUZZ_INPUT } = process.env;
const SEEDS_OF_A_RUN = 10_000_000;

export const SEED = Number(PAGURUS_FUZZ_SEED ?? 1);
/** One input is tried and no other. */
export const IS_ALONE = PAGURUS_FUZZ_INPUT !== undefined;
/** Somebody fuzzes on purpose, and wants to know what came of it. */
export const TELLS_FIGURES = PAGURUS_FUZZ_COUNT !== undefined;

/** How many inputs are tried where nothing else is said. */
export function countOf(usualCount: number): number {
  return Number(PAGURUS_FUZZ_COUNT ?? usualCount);
}

/** The seeds of the inputs that are to be tried, of so many. */
export function seedsOf(count: number): number[] {
  if (IS_ALONE) return [Number(PAGURUS_FUZZ_INPUT)];
  return Array.from({ length: count }, (_, i) => SEED * SEEDS_OF_A_RUN + i);
}

/** The random numbers of a seed: others for each test, whose name of 16 characters fills it up. */
export function seededPrng(seed: number, name: string): Prng {
  const prng = new Prng(latin1Bytes(String(seed).padStart(16, name)));
  // The first numbers of seeds that are nearly the same are nearly the same.
  for (let i = 0; i < 20; i++) prng.nextUint32();
  return prng;
}
