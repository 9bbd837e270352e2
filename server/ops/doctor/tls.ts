import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type Check, count, fail, messageOf, ok, warn } from './check.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** Whether the certificate and its key can be used, are a pair, and for how long. */
export const tls: Check = {
  name: 'TLS',
  run({ settings: { tlsCert, tlsKey, publicUrl, domain }, now }) {
    if (tlsCert === undefined || tlsKey === undefined) return ok('not configured; the server speaks http');
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(readFileSync(tlsCert));
    } catch (error) {
      return fail(
        `no certificate can be read from ${tlsCert}: ${messageOf(error)}`,
        'write a PEM chain there',
      );
    }
    let matches: boolean;
    try {
      matches = certificate.checkPrivateKey(createPrivateKey(readFileSync(tlsKey)));
    } catch (error) {
      return fail(
        `no key can be read from ${tlsKey}: ${messageOf(error)}`,
        'write an unencrypted PEM key there',
      );
    }
    if (!matches) return fail(`${tlsKey} is not the key of ${tlsCert}`, 'put the two that belong together');

    const from = Date.parse(certificate.validFrom);
    const to = Date.parse(certificate.validTo);
    const until = new Date(to).toISOString().slice(0, 10);
    if (from > now())
      return fail(`the certificate is not valid before ${certificate.validFrom}`, 'check the clock');
    if (to <= now())
      return fail(`the certificate has expired on ${until}`, 'renew it and restart the server');
    const days = Math.floor((to - now()) / DAY_MS);
    if (days < SOON_DAYS)
      return warn(
        `the certificate expires on ${until}, in ${count(days, 'day')}`,
        'renew it and restart the server',
      );
    const stranger = [
      ...(publicUrl?.startsWith('https:') ? [new URL(publicUrl).hostname] : []),
      ...(domain === undefined ? [] : [`us-docker.${domain}`]),
    ].find((name) => certificate.checkHost(name) === undefined);
    if (stranger !== undefined)
      return warn(`the certificate is not for ${stranger}`, 'get one that names every host clients use');
    if ((statSync(tlsKey).mode & 0o007) !== 0)
      return warn(`every user can read the key ${tlsKey}`, `chmod o= ${tlsKey}`);
    return ok(`certificate and key belong together, valid until ${until}`);
  },
};
