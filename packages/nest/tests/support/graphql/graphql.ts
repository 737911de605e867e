import { Directive, Field, ID, ObjectType } from '@nestjs/graphql';
import type { startApp } from '../start/start-app.ts';

export interface GraphQLResult<Data = unknown> {
  readonly data?: Data;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export interface GraphQLRequest {
  readonly query: string;
  readonly variables?: object | undefined;
  readonly token?: string | undefined;
  /** Default: `/graphql`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type App = Pick<Awaited<ReturnType<typeof startApp>>, 'call'>;

/** Sends an operation over HTTP. */
export async function postQuery<Data>(
  { call }: App,
  { query, variables, token, path = '/graphql', headers }: GraphQLRequest,
) {
  const response = await call(path, token, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { ...response, body: response.body as GraphQLResult<Data> };
}

/** Sends an operation over HTTP, and returns the message of its first error, or its data. */
export async function readQuery(app: App, request: GraphQLRequest): Promise<unknown> {
  const { data, errors } = (await postQuery(app, request)).body;
  return errors?.[0]?.message ?? data;
}

export interface Reference {
  readonly id: string;
}

/** An entity of a federated schema. */
@ObjectType()
@Directive('@key(fields: "id")')
export class Item {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  secret!: string;
}
