import type { VersionRow } from '../../core/catalog.ts';
import type { DatedVersion, FormatApi, VersionView } from '../../core/format.ts';
import { type ChildImage, fromAttributes } from './attributes.ts';

type Described = {
  imageSizeBytes?: string;
  mediaType: string;
  buildTime?: string;
  artifactType?: string;
};

/** What Artifact Registry says of a Docker version, as far as it is known (DockerImage in artifact.proto). */
function described({ attributes, size }: VersionRow): Described {
  const { mediaType, buildTime, artifactType } = fromAttributes(attributes);
  // A page has a thousand of these: one object each, without the ones that spreading would make on the way.
  const shown: Described = { mediaType };
  if (size > 0) shown.imageSizeBytes = String(size);
  if (buildTime !== undefined) shown.buildTime = buildTime;
  if (artifactType !== undefined) shown.artifactType = artifactType;
  return shown;
}

const imageManifest = ({ digest, mediaType, platform }: ChildImage) => ({
  ...(platform && { architecture: platform.architecture, os: platform.os }),
  digest,
  mediaType,
  ...(platform?.osVersion !== undefined && { osVersion: platform.osVersion }),
  ...(platform?.osFeatures && { osFeatures: platform.osFeatures }),
  ...(platform?.variant !== undefined && { variant: platform.variant }),
});

const dockerImages: VersionView = {
  collection: 'dockerImages',
  permissions: { get: 'artifactregistry.dockerimages.get', list: 'artifactregistry.dockerimages.list' },
  methods: { get: 'GetDockerImage', list: 'ListDockerImages' },
  orders: { name: 'name', uploadTime: 'createTime', createTime: 'createTime', updateTime: 'updateTime' },

  id: ({ package: image, version }) => `${image}@${version}`,
  parse(id) {
    const at = id.lastIndexOf('@');
    return at > 0 ? { package: id.slice(0, at), version: id.slice(at + 1) } : undefined;
  },

  resource(image: DatedVersion, address) {
    const { children } = fromAttributes(image.attributes);
    return {
      uri: `${address}@${image.version}`,
      ...(image.tags.length > 0 && { tags: image.tags }),
      uploadTime: new Date(image.createdAt).toISOString(),
      updateTime: new Date(image.updatedAt).toISOString(),
      ...described(image),
      ...(children && { imageManifests: children.map(imageManifest) }),
    };
  },
};

export const dockerApi: FormatApi = { metadata: described, views: [dockerImages] };
