/** What the API answered. */
export interface ApiAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

/** A refusal, as `application/problem+json` says it. */
export interface ProblemBody {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly reason: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

/** A request: JSON of `json`, or `bytes` as they are. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The REST API as a program with a key sees it. */
export class ApiCaller {
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  /** Sends a request; whatever comes back is the answer. */
  async send<T = Record<string, unknown>>({ method, path, json, bytes, headers }: ApiRequest): Promise<ApiAnswer<T>> {
    const body = json === undefined ? bytes : JSON.stringify(json);
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as T };
  }

  async get<T>(path: string): Promise<T> {
    return this.expectOk<T>({ method: 'GET', path });
  }

  async post<T = { id: string }>(
    path: string,
    json: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return this.expectOk<T>({ method: 'POST', path, json, headers });
  }

  async download(path: string): Promise<Uint8Array> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.key}` } });
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** All items of all pages of a list. */
  async all<T>(path: string, list: string): Promise<T[]> {
    const items: T[] = [];
    let token = '';
    do {
      const page = `${path.includes('?') ? '&' : '?'}page.size=200${token && `&page.token=${encodeURIComponent(token)}`}`;
      const answer = await this.get<Record<string, unknown>>(path + page);
      items.push(...(answer[list] as T[]));
      token = (answer.page as { nextToken: string }).nextToken;
    } while (token);
    return items;
  }

  private async expectOk<T>(request: ApiRequest): Promise<T> {
    const answer = await this.send<T>(request);
    if (answer.status === 200) return answer.body;
    throw new Error(`${request.method} ${request.path} answered ${answer.status}: ${answer.text}`);
  }
}
