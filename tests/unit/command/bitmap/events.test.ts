import { test } from "node:test";
import { checkEvents } from "../fixture.ts";

test("the events of the bitmap commands", () => {
  checkEvents([
    ["GETBIT k 1", "m keymiss k"],
    ["SETBIT k 1 1", "touch k", "$ setbit k"],
    ["SETBIT k 1 1"],
    ["SETBIT k 100 0", "touch k", "$ setbit k"],
    ["SETBIT k 1 0", "touch k", "$ setbit k"],
    ["BITCOUNT x", "m keymiss x"],
    ["BITPOS x 1", "m keymiss x"],
    ["BITFIELD x GET u8 0", "m keymiss x"],
    ["BITFIELD_RO x GET u8 0", "m keymiss x"],
    ["BITFIELD k GET u8 0"],
    ["BITFIELD k SET u8 0 1 SET u8 8 2 GET u8 0", "touch k", "$ setbit k"],
    ["BITFIELD k SET u8 0 1"],
    ["BITFIELD new SET u8 0 0", "touch new", "$ setbit new"],
    ["BITFIELD k OVERFLOW FAIL INCRBY u8 0 255"],
    ["BITOP AND to k x", "m keymiss x", "touch to", "$ set to"],
    ["BITOP NOT to x", "m keymiss x", "touch to", "g del to"],
    ["BITOP NOT to x", "m keymiss x"],
    ["BITOP NOT k k", "touch k", "$ set k"],
    ["RPUSH list a", "touch list", "l rpush list"],
    ["BITOP OR list k", "touch list", "$ set list"],
  ]);
});
