import type { Format, Route, ServiceRoute } from '../core/format.ts';

/** A route of the data plane, for the API's description. */
export interface DataRoute {
  readonly method: string;
  /** `/v2/:location-docker/:project/:repository/:image+/manifests/:reference`. */
  readonly path: string;
  readonly permission: string;
}

/** Where artifacts are, in the path form of addresses. */
export const dataRoutes = (formats: readonly Format[]): readonly DataRoute[] => formats.flatMap(routesOf);

function routesOf({ root, label, routes, services = [] }: Format): readonly DataRoute[] {
  const base = root === undefined ? '' : `/${root}`;
  const repository = `${base}/{location}-${label}/:project/:repository`;
  return [
    ...services.flatMap(({ methods, path, audience }: ServiceRoute) =>
      methods.map((method) => ({ method, path: `${base}${path}`, permission: audience })),
    ),
    ...routes.flatMap((route) =>
      methodsOf(route).map((method) => ({
        method,
        path: `${repository}${route.path}`,
        permission: route.permission,
      })),
    ),
  ];
}

const methodsOf = (route: Route): readonly string[] =>
  route.kind === 'command' ? [route.method] : ['GET', 'HEAD'];
