const dayMs = 86_400_000;

/**
 * `2026-11-28 08:00:00 UTC`. Core has no calendar of its own, so this counts: years begin in March, so that the day that
 * some of them have more comes last, and 400 years have 146,097 days.
 */
export function utcText(atMs: number): string {
  const days = Math.floor(atMs / dayMs);
  const seconds = Math.floor((atMs - days * dayMs) / 1_000);
  const fromMarch0 = days + 719_468;
  const era = Math.floor(fromMarch0 / 146_097);
  const dayOfEra = fromMarch0 - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${year}-${two(month)}-${two(day)} ${time.map(two).join(':')} UTC`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
