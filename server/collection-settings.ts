import { duration, setting } from './setting.ts';

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
  trashRetention: duration({
    name: 'trash-retention',
    help: 'How long deleted versions can be had back, unless their repository says otherwise; 0s deletes them at once',
    usual: '7d',
  }),
  gcLease: duration({
    name: 'gc-lease',
    help: 'How long an uploaded file waits for the version that needs it; longer than the longest push',
    usual: '24h',
  }),
  gcGrace: duration({
    name: 'gc-grace',
    help: 'How long contents are left alone after their lease, their upload or the end of what needed them',
    usual: '1h',
  }),
  gcSweepDelay: duration({
    name: 'gc-sweep-delay',
    help: 'How long contents that nobody needs wait, and can still be had again, before they are deleted',
    usual: '10m',
  }),
  gcInterval: duration({
    name: 'gc-interval',
    help: 'How often it is looked what may be deleted',
    usual: '1m',
  }),
  gcQuarantine: duration({
    name: 'gc-quarantine',
    help: 'How long objects that are in no table are kept, in blobs/quarantine, before they are deleted',
    usual: '7d',
  }),
} as const;
