import * as z from 'zod/mini';
import { components, namedSchemas } from '../../contract/components.ts';
import type { DataRoute } from './data-routes.ts';
import type { ApiRoute, Schema } from './route.ts';

interface Described {
  readonly routes: readonly ApiRoute[];
  readonly dataRoutes: readonly DataRoute[];
}

type Json = Readonly<Record<string, unknown>>;

/** The server's place in the text of the document, filled in for each caller. */
const SERVER = 'SERVER_ORIGIN';

const schemaRef = (id: string): string => `#/components/schemas/${id}`;

/** OpenAPI 3.1 of the management API and of the artifact routes beside it (spec.openapis.org/oas/v3.1). */
export function openApi({ routes, dataRoutes }: Described): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Entrepot',
      version: 'v1',
      description: 'The management API in the shapes of Artifact Registry v1, and the artifact routes.',
    },
    servers: [{ url: SERVER }],
    security: [{ bearer: [] }, { basic: [] }],
    paths: pathsOf([...routes.map(apiOperation), ...dataRoutes.map(dataOperation)]),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
      },
      schemas: { ...schemas(), Error: ERROR },
    },
  };
}

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'status'],
      properties: {
        code: { type: 'integer' },
        message: { type: 'string' },
        status: { type: 'string' },
        details: { type: 'array', items: { type: 'object' } },
      },
    },
  },
};

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: Json;
}

function pathsOf(operations: readonly Operation[]): Json {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, here]) => [
      path,
      Object.fromEntries(here.map(({ method, operation }) => [method.toLowerCase(), operation])),
    ]),
  );
}

function apiOperation(route: ApiRoute): Operation {
  const path = templated(route.path);
  return {
    path,
    method: route.method,
    operation: {
      operationId: route.id,
      summary: route.summary,
      'x-permission': route.permission,
      parameters: [...pathParameters(path), ...queryParameters(route.query)],
      ...(route.body && {
        requestBody: { content: { 'application/json': { schema: reference(route.body) } } },
      }),
      responses: {
        200: { description: 'Success', content: successOf(route) },
        default: {
          description: 'Refusal',
          content: { 'application/json': { schema: { $ref: schemaRef('Error') } } },
        },
      },
    },
  };
}

function successOf({ response }: ApiRoute): Json {
  if (response === 'bytes') return { 'application/octet-stream': {} };
  if (response === 'lines') return { 'application/x-ndjson': {} };
  return { 'application/json': { schema: reference(response) } };
}

function dataOperation({ method, path, permission }: DataRoute): Operation {
  const template = templated(path);
  return {
    path: template,
    method,
    operation: {
      operationId: `${method.toLowerCase()} ${template}`,
      'x-permission': permission,
      parameters: pathParameters(template),
      responses: { default: { description: "The answer that the format's own specification has" } },
    },
  };
}

/** `/:image+/tags` is `/{image}/tags`; the colon of a custom method stays. */
const templated = (path: string): string => path.replace(/\/:([a-z]+)[+*]?/gi, '/{$1}');

const pathParameters = (path: string): readonly Json[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters(query: Schema): readonly Json[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'output' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function reference(schema: Schema): Json {
  const id = Object.entries(components).find(([, known]) => known === schema)?.[0];
  return id === undefined ? withoutHead(z.toJSONSchema(schema, { io: 'output' })) : { $ref: schemaRef(id) };
}

function schemas(): Json {
  const { schemas: all } = z.toJSONSchema(namedSchemas(), { io: 'output', uri: schemaRef });
  return Object.fromEntries(Object.entries(all).map(([id, schema]) => [id, withoutHead(schema)]));
}

const withoutHead = ({ $schema: _schema, $id: _id, ...schema }: Json): Json => schema;
