import { usage } from '../exit.ts';

interface Parts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
}

const FIELDS: Readonly<Record<string, (parts: Parts, at: Date) => string>> = {
  Y: ({ year }) => year,
  m: ({ month }) => month,
  d: ({ day }) => day,
  H: ({ hour }) => hour,
  M: ({ minute }) => minute,
  S: ({ second }) => second,
  F: ({ year, month, day }) => `${year}-${month}-${day}`,
  T: ({ hour, minute, second }) => `${hour}:${minute}:${second}`,
  y: ({ year }) => year.slice(-2),
  f: (_, at) => `${String(at.getUTCMilliseconds()).padStart(3, '0')}000`,
  s: (_, at) => String(Math.floor(at.getTime() / 1000)),
  '%': () => '%',
};

/** The numeric conversions of strftime(3). `zone` is LOCAL, UTC, Z or an IANA name. */
export function formatTime(at: Date, format: string, zone: string): string {
  const parts = partsIn(at, zone);
  return format.replaceAll(/%(.)/gs, (conversion, letter: string) => {
    const field = FIELDS[letter];
    if (field === undefined) throw usage(`date(): ${conversion} is not known; use ${known()}`);
    return field(parts, at);
  });
}

const known = (): string =>
  Object.keys(FIELDS)
    .map((letter) => `%${letter}`)
    .join(' ');

function partsIn(at: Date, zone: string): Parts {
  if (zone === 'UTC' || zone === 'Z') return partsOf(new Date(at));
  if (zone === 'LOCAL') return partsOf(new Date(at.getTime() - at.getTimezoneOffset() * 60_000));
  try {
    const found = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }).formatToParts(at);
    const value = (type: string): string => found.find((part) => part.type === type)?.value ?? '';
    return {
      year: value('year'),
      month: value('month'),
      day: value('day'),
      hour: value('hour'),
      minute: value('minute'),
      second: value('second'),
    };
  } catch (cause) {
    throw usage(`date(): [${zone}] is not a time zone: ${String(cause)}`);
  }
}

/** The parts of a time whose UTC fields are already the ones to show. */
function partsOf(at: Date): Parts {
  const [date = '', time = ''] = at.toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  const [hour = '', minute = '', second = ''] = time.slice(0, 8).split(':');
  return { year, month, day, hour, minute, second };
}
