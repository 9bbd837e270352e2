import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './client.ts';

/**
 * Environment for podman, buildah and skopeo as root without a daemon: storage, policy, credentials and registry
 * settings all below the stage's directory, and plain HTTP for the server under test.
 */
export async function containersHome({ host, directory }: Stage): Promise<Readonly<Record<string, string>>> {
  const at = (...path: readonly string[]): string => join(directory, ...path);
  const settings = (name: string): string => at('.config', 'containers', name);
  for (const path of ['tmp', 'runtime']) await mkdir(at(path), { recursive: true });
  await Bun.write(at('auth.json'), '{}');
  await Bun.write(settings('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await Bun.write(settings('registries.conf'), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  await Bun.write(
    settings('storage.conf'),
    `[storage]\ndriver = "vfs"\ngraphroot = "${at('storage')}"\nrunroot = "${at('run')}"\n`,
  );
  await Bun.write(
    settings('containers.conf'),
    `[engine]\nevents_logger = "none"\ncgroup_manager = "cgroupfs"\nstatic_dir = "${at('libpod')}"\n` +
      `tmp_dir = "${at('libpod-tmp')}"\nvolume_path = "${at('volumes')}"\n` +
      `[network]\nnetwork_config_dir = "${at('networks')}"\n`,
  );
  return {
    HOME: directory,
    TMPDIR: at('tmp'),
    XDG_RUNTIME_DIR: at('runtime'),
    STORAGE_DRIVER: 'vfs',
    BUILDAH_ISOLATION: 'chroot',
    CONTAINERS_STORAGE_CONF: settings('storage.conf'),
    CONTAINERS_CONF: settings('containers.conf'),
    REGISTRY_AUTH_FILE: at('auth.json'),
  };
}
