/** The log's lines: prefix, dates, levels, length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../../src/platform/clock.ts";
import { Log } from "../../../src/server/log.ts";
import type { LogLevel } from "../../../src/server/log.ts";

/** A clock that only tells the time. */
function clockAt(wallMs: number, utcOffsetMinutes = 0): Clock {
  return {
    wallMs: () => wallMs,
    utcOffsetMinutes: () => utcOffsetMinutes,
    monotonicUs: () => 0,
    schedule: () => ({ cancel() {} }),
    atTurnEnd() {},
  };
}

function lineAt(wallMs: number, utcOffsetMinutes = 0): string {
  const lines: string[] = [];
  const log = new Log(clockAt(wallMs, utcOffsetMinutes), 4711, (line) => lines.push(line));
  log.notice("text");
  return lines.join("");
}

test("pid, role, date, mark, message", () => {
  const at = Date.UTC(2026, 10, 21, 10, 15, 2, 123);
  assert.equal(lineAt(at), "4711:M 21 Nov 2026 10:15:02.123 * text\n");
  const lines: string[] = [];
  const log = new Log(clockAt(at), 7, (line) => lines.push(line));
  log.role = "C";
  log.warning("w");
  assert.deepEqual(lines, ["7:C 21 Nov 2026 10:15:02.123 # w\n"]);
});

test("each month by its name, on its first and its last day", () => {
  const names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  for (const [month, name] of names.entries()) {
    const first = Date.UTC(2023, month, 1);
    const last = Date.UTC(2023, month + 1, 1) - 1;
    const days = new Date(last).getUTCDate();
    assert.equal(lineAt(first), `4711:M 01 ${name} 2023 00:00:00.000 * text\n`);
    assert.equal(lineAt(last), `4711:M ${days} ${name} 2023 23:59:59.999 * text\n`);
  }
});

test("29 February in leap years only: 1972, 2000, 2024 and 2400, not 2100", () => {
  for (const year of [1972, 2000, 2024, 2400]) {
    const at = Date.UTC(year, 1, 28) + 86_400_000;
    assert.match(lineAt(at), new RegExp(` 29 Feb ${year} `));
    assert.match(lineAt(at + 86_400_000), new RegExp(` 01 Mar ${year} `));
  }
  assert.match(lineAt(Date.UTC(2100, 1, 28) + 86_400_000), / 01 Mar 2100 /);
  assert.match(lineAt(Date.UTC(2000, 11, 31)), / 31 Dec 2000 /);
});

test("any time, as Date has it", () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
  fc.assert(fc.property(fc.integer({ min: 0, max: last }), (at) => {
    // "Sat, 21 Nov 2026 10:15:02 GMT"
    const text = new Date(at).toUTCString().slice(5, -4);
    const milliseconds = String(at % 1000).padStart(3, "0");
    assert.equal(lineAt(at), `4711:M ${text}.${milliseconds} * text\n`);
  }));
});

test("local time: the offset may change the day and the year; a fraction is dropped", () => {
  const newYear = Date.UTC(2024, 0, 1, 0, 30);
  assert.match(lineAt(newYear, 330), / 01 Jan 2024 06:00:00\.000 /);
  assert.match(lineAt(newYear, -210), / 31 Dec 2023 21:00:00\.000 /);
  assert.match(lineAt(0, -60), / 31 Dec 1969 23:00:00\.000 /);
  assert.match(lineAt(newYear + 1.999), / 00:30:00\.001 /);
});

test("a level lets through what is as grave or graver", () => {
  const marks: Record<LogLevel, string> = {
    debug: ".-*#",
    verbose: "-*#",
    notice: "*#",
    warning: "#",
    nothing: "",
  };
  for (const [level, expected] of Object.entries(marks)) {
    let seen = "";
    const log = new Log(clockAt(0), 1, (line) => seen += line.at(-4));
    log.level = level as LogLevel;
    log.debug("x");
    log.verbose("x");
    log.notice("x");
    log.warning("x");
    assert.equal(seen, expected, level);
  }
});

test("notice is the level at first, and raw text knows no level", () => {
  const lines: string[] = [];
  const log = new Log(clockAt(0), 1, (line) => lines.push(line));
  log.verbose("hidden");
  assert.deepEqual(lines, []);
  log.level = "nothing";
  log.raw("  logo\n");
  assert.deepEqual(lines, ["  logo\n"]);
});

test("a message is cut where Redis's buffer of 1024 bytes with its zero ends", () => {
  const lines: string[] = [];
  const log = new Log(clockAt(0), 1, (line) => lines.push(line));
  log.notice("x".repeat(1023));
  log.notice("y".repeat(1024));
  log.notice("z".repeat(5000));
  const prefix = "1:M 01 Jan 1970 00:00:00.000 * ";
  assert.deepEqual(lines, [..."xyz"].map((letter) => `${prefix}${letter.repeat(1023)}\n`));
});
