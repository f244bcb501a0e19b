/** WAIT of a server without replicas. */
import { conformance } from "../support/compare.ts";
import { waiting } from "../support/waiting.ts";

conformance("WAIT", (c) => {
  c.do("WAIT");
  c.do("WAIT", "1");
  c.do("WAIT", "x", "0");
  c.do("WAIT", "1", "x");
  c.do("WAIT", "1", "-1");
  c.do("WAIT", "99999999999999999999", "0");
  c.do("WAIT", "1", "9223372036854775808");
  c.do("WAIT", "0", "0");
  c.do("WAIT", "-1", "0");
  c.do("WAIT", "1", "1");
  c.do("MULTI");
  c.do("WAIT", "1", "0");
  c.do("EXEC");
  c.do("PING");
});

waiting("WAIT, and CLIENT UNBLOCK of it", async (w) => {
  const id = await w.idOf("a");
  await w.waits("a", "WAIT", "1", "0");
  await w.sends("a", "PING");
  w.note("b", "UNBLOCK", await (await w.client("b")).command("CLIENT", "UNBLOCK", id));
  await w.replies("a", 2);
  await w.waits("a", "WAIT", "1", "1000000");
  await (await w.client("b")).command("CLIENT", "UNBLOCK", id, "ERROR");
  await w.replies("a");
});
