/**
 * Which texts the directives take: the checks that Redis 7.2 makes on the value of single
 * directives (its `is_valid_fn`s), with its words for the refusal.
 */

/** As a reason that stands in an error reply; undefined where the value can be. */
type Refusal = string | undefined;

export function refusesDumpFileName(value: string): Refusal {
  return isBaseName(value) ? undefined : "dbfilename can't be a path, just a filename";
}

export function refusesAppendFileName(value: string): Refusal {
  if (value === "") return "appendfilename can't be empty";
  return isBaseName(value) ? undefined : "appendfilename can't be a path, just a filename";
}

export function refusesAppendDirectoryName(value: string): Refusal {
  if (value === "") return "appenddirname can't be empty";
  return isBaseName(value) ? undefined : "appenddirname can't be a path, just a dirname";
}

function isBaseName(value: string): boolean {
  return !value.includes("/") && !value.includes("\\");
}

const HOST_NAME_LIMIT = 256;

export function refusesHostName(value: string): Refusal {
  if (value.length >= HOST_NAME_LIMIT) {
    return `Hostnames must be less than ${HOST_NAME_LIMIT} characters`;
  }
  if (/^[A-Za-z0-9.-]*$/.test(value)) return undefined;
  return "Hostnames may only contain alphanumeric characters, hyphens or dots";
}

/** What nodes.conf uses as its own punctuation is refused; so is, as in Redis, no other byte. */
export function refusesNodeName(value: string): Refusal {
  if (!/[!#$%&()*+:;<>?@[\]^{|}~]/.test(value)) return undefined;
  return "Announced human node name contained invalid character";
}

export function refusesIpv4(value: string): Refusal {
  if (value === "") return undefined;
  const parts = value.split(".");
  const valid = parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  return valid ? undefined : "Invalid IPv4 address";
}

export function refusesIpv6(value: string): Refusal {
  return value === "" || isIpv6(value) ? undefined : "Invalid IPv6 address";
}

function isIpv6(value: string): boolean {
  const dotted = value.lastIndexOf(":") + 1;
  let groups = value;
  if (value.includes(".")) {
    if (refusesIpv4(value.slice(dotted)) !== undefined || dotted === value.length) return false;
    groups = value.slice(0, dotted) + "0:0";
  }
  const halves = groups.split("::");
  if (halves.length > 2) return false;
  const parts = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  if (!parts.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return false;
  return halves.length === 2 ? parts.length < 8 : parts.length === 8;
}

const TITLE_VARIABLES: ReadonlySet<string> = new Set([
  "title",
  "listen-addr",
  "server-mode",
  "config-file",
  "port",
  "tls-port",
  "unixsocket",
]);

/** `{title} {port}`: known names in braces, `{{` for a brace, and something must come out. */
export function refusesTitleTemplate(value: string): Refusal {
  const refusal = "template format is invalid or contains unknown variables";
  let rest = value;
  let plain = "";
  let variables = 0;
  for (;;) {
    const open = rest.indexOf("{");
    if (open < 0) break;
    plain += rest.slice(0, open);
    if (rest[open + 1] === "{") {
      plain += "{";
      rest = rest.slice(open + 2);
      continue;
    }
    const close = rest.indexOf("}", open + 1);
    if (close < 0 || !TITLE_VARIABLES.has(rest.slice(open + 1, close))) return refusal;
    // The mode is empty but in a cluster or sentinel, and the title is not known yet.
    const name = rest.slice(open + 1, close);
    if (name !== "title" && name !== "server-mode" && name !== "unixsocket") variables++;
    rest = rest.slice(close + 1);
  }
  return variables === 0 && (plain + rest).replace(/^ +| +$/g, "") === "" ? refusal : undefined;
}

/** Only the C library's own locales: there is no other collation on this server. */
export function refusesLocale(value: string): Refusal {
  const known = ["", "C", "POSIX", "C.UTF-8", "C.utf8"];
  return known.includes(value) ? undefined : "Invalid locale name";
}

export function refusesShutdownWords(words: ReadonlySet<string>): Refusal {
  if (!words.has("save") || !words.has("nosave")) return undefined;
  return "shutdown options SAVE and NOSAVE can't be used simultaneously";
}
