/**
 * What an entrypoint needs of the process around it, beyond the {@link Platform} that it hands to
 * the core: arguments, environment, standard input and output, signals, the exit. The core itself
 * never sees this, so a server inside somebody else's process touches none of it.
 */
export interface Host {
  /** The command line after the program's own name. */
  readonly arguments: readonly string[];
  /**
   * The paths that the program was called by, of its script and of its executable: a link to either
   * may have a name of its own.
   */
  readonly calledAs: readonly string[];
  /** The environment, as it was when it was asked for. */
  environment(): Readonly<Record<string, string>>;
  /** Everything on standard input up to its end; waits for it. */
  readStandardInput(): Uint8Array;
  /** What comes next on standard input, a line where somebody types; "" at its end. Waits for it. */
  readAnswer(): string;
  /**
   * Writes to standard output and returns when the system has all of it, so that no line is lost
   * when the process ends right afterwards. Where nobody reads any more the text is dropped.
   */
  writeLog(text: string): void;
  /** The same to standard error. */
  writeError(text: string): void;
  /**
   * Writes bytes to standard output and returns when the system has all of them.
   * @throws {FileError} when it does not take them: they are the result of the program's work.
   */
  writeOutput(bytes: Uint8Array): void;
  /** How wide the terminal is that standard error goes to, in columns; 0 when it is none. */
  standardErrorColumns(): number;
  /** Calls `handler` for every arrival of these signals, instead of what the system would do. */
  onSignal(names: readonly SignalName[], handler: (name: SignalName) => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** The signals that the server answers to. */
export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGUSR1";
