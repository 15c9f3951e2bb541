/** 12,345 */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** 0:42, 12:05 or 1:02:03. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** 98.25 %; a dash for what is no number. */
export function formatShare(share: number, digits = 2): string {
  return Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)} %`;
}

/** 12.3 MB, by powers of ten. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit] ?? ""}`;
}

/** A shape as it is written: 6 × 28 × 28. */
export function shapeText(shape: readonly number[]): string {
  return shape.join(" × ");
}
