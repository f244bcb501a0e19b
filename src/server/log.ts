/**
 * The log, in Redis's format:
 *
 *     PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message
 *     4711:M 21 Nov 2026 10:15:02.123 * Ready to accept connections tcp
 *
 * Where the lines go is the entrypoint's business: a function that takes whole lines.
 */
import type { Clock } from "../platform/clock.ts";

/** From the chattiest to the gravest; `nothing` lets none through. */
export type LogLevel = "debug" | "verbose" | "notice" | "warning" | "nothing";

const LEVELS: readonly LogLevel[] = ["debug", "verbose", "notice", "warning", "nothing"];
const MARKS = ".-*#";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** As Redis, whose buffer of 1024 bytes ends in a zero: a longer message is cut. */
const MESSAGE_LENGTH_MAX = 1023;

/** Takes one line, which ends in a line feed. */
export type LogSink = (line: string) => void;

export class Log {
  level: LogLevel = "notice";
  /** X sentinel, S replica, M master. */
  role = "M";

  readonly #clock: Clock;
  readonly #pid: number;
  readonly #sink: LogSink;

  constructor(clock: Clock, pid: number, sink: LogSink) {
    this.#clock = clock;
    this.#pid = pid;
    this.#sink = sink;
  }

  debug(message: string): void {
    this.#write("debug", message);
  }

  verbose(message: string): void {
    this.#write("verbose", message);
  }

  notice(message: string): void {
    this.#write("notice", message);
  }

  warning(message: string): void {
    this.#write("warning", message);
  }

  /** Text without a prefix: the logo. */
  raw(text: string): void {
    this.#sink(text);
  }

  #write(level: LogLevel, message: string): void {
    const index = LEVELS.indexOf(level);
    if (index < LEVELS.indexOf(this.level)) return;
    const cut = message.slice(0, MESSAGE_LENGTH_MAX);
    const time = timestamp(this.#clock.wallMs(), this.#clock.utcOffsetMinutes());
    this.#sink(`${this.#pid}:${this.role} ${time} ${MARKS[index]} ${cut}\n`);
  }
}

/** `DD Mon YYYY HH:MM:SS.mmm`, in local time. */
function timestamp(wallMs: number, utcOffsetMinutes: number): string {
  const local = Math.floor(wallMs) + utcOffsetMinutes * 60000;
  const { year, month, day } = civilDate(Math.floor(local / 86400000));
  const inDay = local - Math.floor(local / 86400000) * 86400000;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const hours = two(inDay / 3600000);
  const minutes = two(inDay / 60000 % 60);
  const seconds = two(inDay / 1000 % 60);
  const milliseconds = String(inDay % 1000).padStart(3, "0");
  return `${two(day)} ${MONTHS[month - 1]} ${year} ${hours}:${minutes}:${seconds}.${milliseconds}`;
}

/** The date of a day since the epoch, in the proleptic Gregorian calendar. */
function civilDate(daysSinceEpoch: number): { year: number; month: number; day: number } {
  // Counted in 400-year eras that begin on 1 March, so that the leap day comes last in a year.
  const days = daysSinceEpoch + 719468;
  const era = Math.floor(days / 146097);
  const dayOfEra = days - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
