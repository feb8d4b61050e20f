const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `22 s ago`, `4 min ago`, `3 h ago`, `2 d ago`. */
export function agoText(ms: number): string {
  return `${spanText(Math.max(0, ms))} ago`;
}

/** Clock time and distance, so that nobody has to subtract: `15:33Z (in 41 min)`. */
export function atText(atMs: number, nowMs: number): string {
  const iso = new Date(atMs).toISOString();
  const isNear = Math.abs(atMs - nowMs) < dayMs;
  const clock = isNear ? `${iso.slice(11, 16)}Z` : `${iso.slice(0, 16)}Z`;
  return `${clock} (${atMs >= nowMs ? `in ${spanText(atMs - nowMs)}` : agoText(nowMs - atMs)})`;
}

/** `22 s`, `4 min`, `3 h`, `2 d`. */
export function spanText(ms: number): string {
  if (ms < minuteMs) return `${Math.round(ms / 1000)} s`;
  if (ms < hourMs) return `${Math.round(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.round(ms / hourMs)} h`;
  return `${Math.round(ms / dayMs)} d`;
}
