/**
 * What an entrypoint needs of the process around it, beyond the {@link Platform} that it hands to
 * the core: arguments, environment, standard input and output, signals, the exit. The core itself
 * never sees this, so a server inside somebody else's process touches none of it.
 */
export interface Host {
  /** The command line after the program's own name. */
  readonly arguments: readonly string[];
  /** The environment, as it was when it was asked for. */
  environment(): Readonly<Record<string, string>>;
  /** Everything on standard input up to its end; waits for it. */
  readStandardInput(): Uint8Array;
  /**
   * Writes to standard output and returns when the system has all of it, so that no line is lost
   * when the process ends right afterwards. Where nobody reads any more the text is dropped.
   */
  writeLog(text: string): void;
  /** The same to standard error. */
  writeError(text: string): void;
  /** Calls `handler` for every arrival of these signals, instead of what the system would do. */
  onSignal(names: readonly SignalName[], handler: (name: SignalName) => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** The signals that the server answers to. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";
