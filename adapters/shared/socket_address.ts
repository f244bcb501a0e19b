/** How Redis writes the two ends of a connection, and which peers count as local. */

/** An IPv4 address that a socket for both families writes as `::ffff:127.0.0.1`. */
const MAPPED_PREFIX = "::ffff:";

/** `ip:port`; an IPv6 address is not bracketed, as in Redis. */
export function addressText(ip: string, port: number): string {
  return `${plainIp(ip)}:${port}`;
}

/** How both ends of a connection through a Unix socket are written. */
export function unixAddressText(path: string): string {
  return `${path}:0`;
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(ip: string): boolean {
  return plainIp(ip).startsWith("127.") || ip === "::1";
}

/** The IPv4 address where IPv6 wraps one. */
function plainIp(ip: string): string {
  const isMapped = ip.startsWith(MAPPED_PREFIX) && ip.includes(".");
  return isMapped ? ip.slice(MAPPED_PREFIX.length) : ip;
}
