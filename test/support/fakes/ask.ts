/** What a test sends to a fake: at most one of `json` and `form`. */
export interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed. @throws SyntaxError when it is no JSON */
  readonly body: unknown;
}

/** A request by plain fetch, without any client's own retries. @throws as fetch */
export async function ask(method: string, url: string, { headers = {}, json, form, signal }: Question = {}): Promise<Answered> {
  const response = await fetch(url, {
    method, ...(signal === undefined ? {} : { signal }),
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }), ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, get body() { return text === '' ? undefined : JSON.parse(text) as unknown; } };
}

/** One field of every item of a list, in its order: of the answer itself, or of the list that it names. */
export function fieldsOf(body: unknown, field: string, list?: string): unknown[] {
  const items: unknown = list === undefined ? body : (body as Readonly<Record<string, unknown>>)[list];
  if (!Array.isArray(items)) {
    throw new TypeError(`${list ?? 'The answer'} is no list: ${JSON.stringify(body)}`);
  }
  return items.map((item: Readonly<Record<string, unknown>>) => item[field]);
}
