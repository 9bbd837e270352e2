import { type CelFunc, celMethod, CelScalar, objectType } from '@bufbuild/cel';
import { timestampMs, TimestampSchema } from '@bufbuild/protobuf/wkt';

const TIMESTAMP = objectType(TimestampSchema);
const FIXED = /^([+-]?)(\d\d):(\d\d)$/;
const MINUTE = 60_000;
const DAY = 86_400_000;
const MOST_ZONES = 100;

/** What a clock on the wall shows, read as if it stood in Greenwich (cel-spec, "Timezones"). */
const READINGS: Readonly<Record<string, (wall: Date) => number>> = {
  getFullYear: (wall) => wall.getUTCFullYear(),
  getMonth: (wall) => wall.getUTCMonth(),
  getDate: (wall) => wall.getUTCDate(),
  getDayOfMonth: (wall) => wall.getUTCDate() - 1,
  getDayOfWeek: (wall) => wall.getUTCDay(),
  getDayOfYear: (wall) => Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / DAY),
  getHours: (wall) => wall.getUTCHours(),
  getMinutes: (wall) => wall.getUTCMinutes(),
  getSeconds: (wall) => wall.getUTCSeconds(),
  getMilliseconds: (wall) => wall.getUTCMilliseconds(),
};

/**
 * `getHours()` and its like, in UTC or in a zone of the caller's. In place of the library's, which go through the
 * zone of the machine and are an hour off where that zone has no such hour.
 */
export function timeFunctions(): readonly CelFunc[] {
  const zones = new Map<string, Intl.DateTimeFormat>();
  const formatIn = (zone: string): Intl.DateTimeFormat => {
    const known = zones.get(zone);
    if (known) return known;
    const format = formatOf(zone);
    if (zones.size >= MOST_ZONES) zones.clear();
    zones.set(zone, format);
    return format;
  };
  return Object.entries(READINGS).flatMap(([name, reading]) => [
    celMethod(name, TIMESTAMP, [], CelScalar.INT, function () {
      return BigInt(reading(new Date(timestampMs(this.message))));
    }),
    celMethod(name, TIMESTAMP, [CelScalar.STRING], CelScalar.INT, function (zone) {
      return BigInt(reading(wallIn(zone, timestampMs(this.message), formatIn)));
    }),
  ]);
}

function wallIn(zone: string, time: number, formatIn: (zone: string) => Intl.DateTimeFormat): Date {
  const [, sign, hours, minutes] = FIXED.exec(zone) ?? [];
  if (hours !== undefined)
    return new Date(time + (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE);
  const parts = new Map(
    formatIn(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const milliseconds = ((time % 1000) + 1000) % 1000;
  return new Date(
    Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'), milliseconds),
  );
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const numeric = '2-digit' as const;
  const clock = { hour: numeric, minute: numeric, second: numeric, hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      ...clock,
    });
  } catch {
    throw new Error(`there is no time zone "${timeZone.slice(0, 64)}"`);
  }
}
