/**
 * Starts that fail: command line, files by name, and what redis-server 7.0.15 prints on standard
 * error. Used against the recorded answers and against a real server.
 */

export type StartCase = readonly [
  args: readonly string[],
  files: Readonly<Record<string, string>>,
  error: string,
];

function fatal(line: number, text: string, reason: string): string {
  return "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n" +
    `Reading the configuration file, at line ${line}\n>>> '${text}'\n${reason}\n`;
}

const INTEGER = "argument couldn't be parsed into an integer";
const BAD = "Bad directive or wrong number of arguments";
const NUMBER = "wrong number of arguments";

export const START_CASES: readonly StartCase[] = [
  [["--port", "abc"], {}, fatal(2, 'port "abc"', INTEGER)],
  [["--foo", "bar"], {}, fatal(2, 'foo "bar"', BAD)],
  [["--port"], {}, fatal(2, "port", NUMBER)],
  [["--port", "1", "2"], {}, fatal(2, 'port "1" "2"', NUMBER)],
  [["a.conf"], { "a.conf": "maxmemory 1gb\n# c\nport abc" }, fatal(3, "port abc", INTEGER)],
  [["a.conf", "--port", "abc"], { "a.conf": "hz 10\n# c\n" }, fatal(4, 'port "abc"', INTEGER)],
  [["a.conf", "--port", "abc"], { "a.conf": "hz 10\n# c" }, fatal(3, 'port "abc"', INTEGER)],
  [
    ["a.conf"],
    { "a.conf": 'port "1\n' },
    fatal(1, 'port "1', "Unbalanced quotes in configuration line"),
  ],
  [
    ["a.conf"],
    { "a.conf": '\r\n  PORT    "6\\x33"x \t\r\n' },
    fatal(2, 'PORT    "6\\x33"x', "Unbalanced quotes in configuration line"),
  ],
  [["--save", "3600", "1", "--save", "300"], {}, fatal(3, 'save "300"', "Invalid save parameters")],
  [
    ["--client-output-buffer-limit", "normal 0 0"],
    {},
    fatal(
      2,
      'client-output-buffer-limit "normal 0 0"',
      "Wrong number of arguments in buffer limit configuration.",
    ),
  ],
  [["--include"], {}, fatal(2, "include", BAD)],
  [["--include", "a", "b"], {}, fatal(2, 'include "a" "b"', BAD)],
  [["--a.b"], {}, fatal(2, "a.b", "Module config specified without value")],
  [["--port", "'1 2'"], {}, fatal(2, "port \"'1 2'\"", INTEGER)],
  [["-x"], {}, fatal(2, '"-x"', BAD)],
  [["--port", "0", "-x", "5"], {}, fatal(2, 'port "0" "-x" "5"', NUMBER)],
  [["--save", "3600 'x", "--port", "abc"], {}, fatal(3, 'port "abc"', INTEGER)],
  [["--dir", "/nope"], {}, fatal(2, 'dir "/nope"', "No such file or directory")],
  [
    ["--cluster-enabled", "yes", "--replicaof", "a", "1"],
    {},
    "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n" +
    "replicaof directive not allowed in cluster mode\n",
  ],
  [["--loadmodule"], {}, fatal(2, "loadmodule", BAD)],
  [
    ["--unixsocketperm", "888"],
    {},
    fatal(2, 'unixsocketperm "888"', "argument couldn't be parsed as an octal number"),
  ],
  [
    ["--unixsocketperm", "1000"],
    {},
    fatal(2, 'unixsocketperm "1000"', "argument must be between 0 and 777 inclusive"),
  ],
  [["--replicaof", "a", "x"], {}, fatal(2, 'replicaof "a" "x"', "Invalid master port")],
  [["--replicaof", "a"], {}, fatal(2, 'replicaof "a"', NUMBER)],
  [["--lua-replicate-commands", "yes", "--port", "abc"], {}, fatal(3, 'port "abc"', INTEGER)],
  [["--lua-replicate-commands"], {}, fatal(2, "lua-replicate-commands", BAD)],
  [["--", "--port", "x"], {}, fatal(2, '"--port" "x"', BAD)],
  [["--maxmemory", "", "--oops"], {}, fatal(3, "oops", BAD)],
  [["--port", "\u00e9\t"], {}, fatal(2, 'port "\\xc3\\xa9\\t"', INTEGER)],
  [["--appendfilename", ""], {}, fatal(2, 'appendfilename ""', "appendfilename can't be empty")],
  [
    ["--appenddirname", "a/b"],
    {},
    fatal(2, 'appenddirname "a/b"', "appenddirname can't be a path, just a dirname"),
  ],
  [
    ["--dbfilename", "a\\b"],
    {},
    fatal(2, 'dbfilename "a\\\\b"', "dbfilename can't be a path, just a filename"),
  ],
  [
    ["--bind", ..."abcdefghijklmnopq"],
    {},
    fatal(
      2,
      `bind ${[..."abcdefghijklmnopq"].map((letter) => `"${letter}"`).join(" ")}`,
      "Too many bind addresses specified.",
    ),
  ],
  [
    ["--supervised", "x"],
    {},
    fatal(
      2,
      'supervised "x"',
      "argument(s) must be one of the following: upstart, systemd, auto, no",
    ),
  ],
];
