/**
 * Writes straight to the handle below a `net.Socket`, past its stream: what a stream does for each
 * write (a request object, state, a callback in the next tick) costs more than the core's whole work
 * on a short reply, and the core keeps what is not accepted itself.
 *
 * What Node does inside is nobody's promise. So the shape is looked at first, and where it is
 * another one, or anything is not as usual, `refused` has the caller write to the socket.
 */
import type * as net from "node:net";

/** What became of the bytes: with `queued` the runtime keeps reading from them. */
export type DirectWrite = "written" | "queued" | "refused";

/** Node's request to write; `buffer` keeps the bytes alive while the kernel does not take them. */
interface WriteRequest {
  oncomplete: () => void;
  buffer: Uint8Array | null;
}

interface StreamHandle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
}

interface SocketWithHandle {
  readonly _handle: StreamHandle | null;
}

/** The class of Node's requests: known from the first one that a stream makes. */
let Request: (new () => WriteRequest) | null = null;
/** Used again for all writes that the kernel takes at once, for which it stays empty. */
let request: WriteRequest | null = null;

/**
 * Writes `bytes[start..end)`. Only while nothing waits: neither in the stream, nor in the handle from
 * a call that was `queued`.
 */
export function writeDirect(
  socket: net.Socket,
  bytes: Uint8Array,
  start: number,
  end: number,
): DirectWrite {
  // A socket that is closed, by whomever, has no handle any more.
  const handle = (socket as unknown as SocketWithHandle)._handle;
  if (handle === null) return "refused";
  if (request === null) {
    if (Request === null) {
      learn(handle);
      return "refused";
    }
    request = new Request();
  }
  const view = viewOf(bytes, start, end);
  // An error will meet the socket, too, which knows what to do.
  if (handle.writeBuffer(request, view) !== 0) return "refused";
  if (handle.writeQueueSize === 0) return "written";
  request.buffer = view;
  request.oncomplete = () => {};
  request = null;
  return "queued";
}

/** The last view: one message goes to many subscribers. */
let lastView: Uint8Array = new Uint8Array(0);

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const at = bytes.byteOffset + start;
  const isSame = lastView.byteOffset === at && lastView.length === end - start &&
    lastView.buffer === bytes.buffer;
  if (!isSame) lastView = new Uint8Array(bytes.buffer, at, end - start);
  return lastView;
}

/** Looks at the request that the stream of this handle makes next. */
function learn(handle: StreamHandle): void {
  if (typeof handle.writeBuffer !== "function" || Object.hasOwn(handle, "writeBuffer")) return;
  const { writeBuffer } = handle;
  handle.writeBuffer = (first, bytes) => {
    Request = first.constructor as new () => WriteRequest;
    Reflect.deleteProperty(handle, "writeBuffer");
    return writeBuffer.call(handle, first, bytes);
  };
}
