/**
 * Stands in for Bun's own types when `deno check` follows mod.ts into the Bun adapter: bun-types and
 * Deno's library declare the same globals differently. What the adapter does with Bun is checked
 * against bun-types, by tsconfig.bun.json.
 */
declare const Bun: {
  readonly version: string;
  // deno-lint-ignore no-explicit-any
  readonly listen: <T>(options: any) => any;
  // deno-lint-ignore no-explicit-any
  readonly connect: <T>(options: any) => any;
};
