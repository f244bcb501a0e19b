/** The source of every random number: seeds of hashes and generators, run ids, passwords. */
export interface Random {
  /** Fills the array with random bytes fit for secrets. */
  fill(bytes: Uint8Array): void;
}
