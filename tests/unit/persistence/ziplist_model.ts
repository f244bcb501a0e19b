import { latin1Bytes } from "../../../src/base/ascii.ts";

/** The shortest encoding of a text in a ziplist, and its data. */
function encoded(text: string): number[] {
  const isInteger = /^(0|-?[1-9]\d*)$/.test(text) &&
    BigInt(text) === BigInt.asIntN(64, BigInt(text));
  if (isInteger) return encodedInteger(BigInt(text));
  const length = text.length;
  const bytes = latin1Bytes(text);
  if (length < 64) return [length, ...bytes];
  if (length < 16384) return [0x40 | length >> 8, length & 255, ...bytes];
  return [0x80, length >>> 24, length >> 16 & 255, length >> 8 & 255, length & 255, ...bytes];
}

function encodedInteger(value: bigint): number[] {
  if (value >= 0n && value <= 12n) return [0xf1 + Number(value)];
  const widths: [number, number][] = [[0xfe, 1], [0xc0, 2], [0xf0, 3], [0xd0, 4], [0xe0, 8]];
  for (const [encoding, width] of widths) {
    if (BigInt.asIntN(8 * width, value) !== value) continue;
    const bytes = Array.from({ length: width }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
    return [encoding, ...bytes];
  }
  throw new Error("no 64-bit integer");
}

/** A ziplist of these texts, as Redis up to 6.2 makes it. */
export function ziplistOf(texts: readonly string[]): Uint8Array {
  const bytes: number[] = new Array(10).fill(0);
  let previous = 0;
  let tail = 10;
  for (const text of texts) {
    tail = bytes.length;
    if (previous < 254) bytes.push(previous);
    else {bytes.push(
        254,
        previous & 255,
        previous >> 8 & 255,
        previous >> 16 & 255,
        previous >>> 24,
      );}
    for (const byte of encoded(text)) bytes.push(byte);
    previous = bytes.length - tail;
  }
  bytes.push(0xff);
  const ziplist = Uint8Array.from(bytes);
  const view = new DataView(ziplist.buffer);
  view.setUint32(0, ziplist.length, true);
  view.setUint32(4, tail, true);
  view.setUint16(8, Math.min(texts.length, 65535), true);
  return ziplist;
}

/** A zipmap of these fields and values, with some free bytes behind each value. */
export function zipmapOf(texts: readonly string[], freeBytes = 0): Uint8Array {
  const bytes = [Math.min(texts.length / 2, 254)];
  texts.forEach((text, i) => {
    const length = text.length;
    if (length < 254) bytes.push(length);
    else bytes.push(254, length & 255, length >> 8 & 255, length >> 16 & 255, length >>> 24);
    if (i % 2 === 1) bytes.push(freeBytes);
    for (const byte of latin1Bytes(text)) bytes.push(byte);
    if (i % 2 === 1) { for (let free = 0; free < freeBytes; free++) bytes.push(0xff); }
  });
  bytes.push(0xff);
  return Uint8Array.from(bytes);
}
