/**
 * A program of its own: connections that are subscribed to a channel and read what comes, until it
 * is killed. Says `ready` when all of them are subscribed.
 *
 *     node scripts/bench/subscribers.ts PORT CHANNEL COUNT
 */
import { connect } from "node:net";
import process from "node:process";

const port = Number(process.argv[2]);
const channel = process.argv[3];
const count = Number(process.argv[4]);
/** One for all: nobody looks at what stands in it. */
const buffer = new Uint8Array(64 * 1024);

function subscribe(): Promise<void> {
  return new Promise((resolve, reject) => {
    const callback = () => {
      resolve();
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer, callback } });
    socket.on("error", reject);
    socket.on("close", () => process.exit(1));
    socket.write(`*2\r\n$9\r\nSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`);
  });
}

for (let i = 0; i < count; i++) await subscribe();
console.log("ready");
