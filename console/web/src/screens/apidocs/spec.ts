// As much of an OpenAPI 3.1 document as the screen shows.
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
  additionalProperties?: Schema | boolean;
}
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
  schema?: Schema;
}
interface Content {
  content?: Record<string, { schema?: Schema }>;
  description?: string;
}
export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: Record<string, Content>;
}
export interface Spec {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}
export interface Item {
  id: string;
  method: string;
  path: string;
  op: Operation;
}

/** All operations by their first tag, in the order of the document. */
export function operations(spec: Spec): Item[] {
  return Object.entries(spec.paths).flatMap(([path, all]) =>
    Object.entries(all)
      .filter(([m]) => ['get', 'post', 'put', 'delete', 'patch'].includes(m))
      .map(([m, op]) => ({ id: op.operationId, method: m.toUpperCase(), path, op })),
  );
}

export function resolve(spec: Spec, s: Schema | undefined): { name: string; schema: Schema } {
  const name = s?.$ref?.split('/').at(-1) ?? '';
  return { name, schema: (name ? spec.components?.schemas?.[name] : s) ?? {} };
}

/** A type in a few words: "string (date-time)", "Alarm", "list of Alarm". */
export function kind(s: Schema | undefined): string {
  if (!s) return '';
  if (s.$ref) return s.$ref.split('/').at(-1)!;
  const types = (Array.isArray(s.type) ? s.type : s.type ? [s.type] : []).filter((x) => x !== 'null');
  if (types[0] === 'array') return `[${kind(s.items)}]`;
  if (types[0] === 'object' && typeof s.additionalProperties === 'object') return `{ ${kind(s.additionalProperties)} }`;
  return types.join(' | ') + (s.format ? ` (${s.format})` : '') + (s.enum ? `: ${s.enum.map(String).join(' | ')}` : '');
}

/** The schema of what is sent or answered as JSON. */
export function json(c: Content | undefined): Schema | undefined {
  return c?.content?.['application/json']?.schema;
}

/** A command for a shell that asks the same. */
export function curl(item: Item, base: string, path: string, query: string): string {
  const quote = (s: string): string => `'${s.replaceAll("'", `'\\''`)}'`;
  const parts = ['curl'];
  if (item.method !== 'GET') parts.push('-X', item.method);
  parts.push('-H', quote('Authorization: Bearer TOKEN'));
  if (item.op.requestBody) parts.push('-H', quote('Content-Type: application/json'), '-d', quote('{…}'));
  parts.push(quote(base + path + (query ? '?' + query : '')));
  return parts.join(' ');
}
