/**
 * A program of its own: clients as nobody wants them, until it is killed.
 *
 *     node scripts/bench/rude_clients.ts PORT "slow reader" | "half commands" | "flood of bytes"
 */
import { connect, type Socket } from "node:net";
import process from "node:process";
import { request } from "./pipeline.ts";

const LARGE_BYTES = 1 << 20;
const HALF_COUNT = 50;
/** How many of its bytes the flood keeps under way. */
const FLOOD_BYTES = 4096;

const port = Number(process.argv[2]);

function open(): Socket {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Asks for a gigabyte in all and reads nothing. */
function readSlowly(): void {
  const socket = open();
  socket.pause();
  socket.write(request("SET", "large", "x".repeat(LARGE_BYTES)));
  for (let i = 0; i < 1000; i++) socket.write(request("GET", "large"));
}

/** Sends the bytes of commands one by one, and never the last one of a second kind. */
function sendHalves(): void {
  const text = request("SET", "half", "x".repeat(100));
  const sockets = Array.from({ length: HALF_COUNT }, open);
  for (const socket of sockets) socket.resume();
  const unfinished = open();
  unfinished.write(`*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$${LARGE_BYTES}\r\n${"x".repeat(1000)}`);
  let at = 0;
  setInterval(() => {
    for (const socket of sockets) socket.write(text[at]);
    at = (at + 1) % text.length;
  }, 1);
}

/** Writes single bytes as fast as the machine lets it. */
function flood(): void {
  const socket = open();
  socket.resume();
  const text = request("SET", "flood", "y");
  let at = 0;
  const go = () => {
    for (let i = 0; i < 64 && socket.writableLength < FLOOD_BYTES; i++) {
      socket.write(text[at]);
      at = (at + 1) % text.length;
    }
    setImmediate(go);
  };
  go();
}

switch (process.argv[3]) {
  case "slow reader":
    readSlowly();
    break;
  case "half commands":
    sendHalves();
    break;
  default:
    flood();
}
// Nobody reads what is printed; the program runs until it is killed.
setInterval(() => {}, 1000);
