/** Milliseconds of a protobuf duration such as `300s` or `1.5s`; nothing for what is none. */
export function durationMs(text: unknown): number | undefined {
  const seconds = typeof text === 'string' ? /^(-?\d{1,12}(?:\.\d{1,9})?)s$/.exec(text)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}
