/** Scores as C's `%.17g` writes them: in digests, and where ZSCAN goes through a large sorted set. */

/** From here on, and below 10^-4, C writes an exponent. */
const EXPONENT_MIN = 17;

/** A score with all the digits that a double may need, 0.1 as 0.10000000000000001. */
export function score17Text(score: number): string {
  if (Object.is(score, -0)) return "-0";
  if (!Number.isFinite(score)) return score > 0 ? "inf" : "-inf";
  const [digits, power] = score.toExponential(EXPONENT_MIN - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < EXPONENT_MIN) {
    return withoutZeros(score.toPrecision(EXPONENT_MIN));
  }
  const sign = exponent < 0 ? "-" : "+";
  return `${withoutZeros(digits)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function withoutZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
