import { milliseconds, setting } from './setting.ts';

function onOrOff(line: string): boolean {
  if (line !== 'on' && line !== 'off') throw new Error('write on or off');
  return line === 'on';
}

/** Of what deletes what nobody needs. */
export const COLLECTION_SETTINGS = {
  gc: setting<boolean>({
    name: 'gc',
    placeholder: 'on|off',
    help: 'Whether what nobody needs is deleted by itself; with off, only when an administrator asks for it',
    usual: 'on',
    initial: true,
    parse: onOrOff,
  }),
  trashRetention: setting<number>({
    name: 'trash-retention',
    placeholder: 'DURATION',
    help: 'How long deleted versions can be had back, unless their repository says otherwise; 0s deletes them at once',
    usual: '7d',
    initial: 7 * 24 * 3_600_000,
    parse: milliseconds,
  }),
  gcLease: setting<number>({
    name: 'gc-lease',
    placeholder: 'DURATION',
    help: 'How long an uploaded file waits for the version that needs it; longer than the longest push',
    usual: '24h',
    initial: 24 * 3_600_000,
    parse: milliseconds,
  }),
  gcGrace: setting<number>({
    name: 'gc-grace',
    placeholder: 'DURATION',
    help: 'How long contents are left alone after their lease, their upload or the end of what needed them',
    usual: '1h',
    initial: 3_600_000,
    parse: milliseconds,
  }),
  gcSweepDelay: setting<number>({
    name: 'gc-sweep-delay',
    placeholder: 'DURATION',
    help: 'How long contents that nobody needs wait, and can still be had again, before they are deleted',
    usual: '10m',
    initial: 600_000,
    parse: milliseconds,
  }),
  gcInterval: setting<number>({
    name: 'gc-interval',
    placeholder: 'DURATION',
    help: 'How often it is looked what may be deleted',
    usual: '1m',
    initial: 60_000,
    parse: milliseconds,
  }),
  gcQuarantine: setting<number>({
    name: 'gc-quarantine',
    placeholder: 'DURATION',
    help: 'How long objects that are in no table are kept, in blobs/quarantine, before they are deleted',
    usual: '7d',
    initial: 7 * 24 * 3_600_000,
    parse: milliseconds,
  }),
} as const;
