import { randomUUID } from 'node:crypto';

/** A refusal of the API, as `application/problem+json` says it. */
export class ApiProblem extends Error {
  constructor(
    readonly request: string,
    /** SCREAMING_SNAKE; the HTTP status where the answer was no problem. */
    readonly reason: string,
    detail: string,
    readonly violations: readonly { readonly field: string; readonly description: string }[] = [],
  ) {
    super(detail);
    this.name = 'ApiProblem';
  }

  /** As a person reads it: the reason first, then each field on a line of its own. */
  toLines(): string[] {
    return [
      `${this.request}: ${this.reason}: ${this.message}`,
      ...this.violations.map(({ field, description }) => `  ${field}: ${description}`),
    ];
  }
}

type Query = Readonly<Record<string, string>>;
type Body = string | Uint8Array<ArrayBuffer>;

/** The gateway's REST API as one person sees it. All methods throw ApiProblem where the API refuses. */
export class RestApi {
  constructor(
    readonly baseUrl: string,
    private readonly key: string,
  ) {}

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return (await (await this.send('GET', withQuery(path, query))).json()) as T;
  }

  /** Every POST carries an idempotency key, so that a lost answer is no second command. */
  async post<T>(path: string, body: object): Promise<T> {
    return this.command(path, JSON.stringify(body), 'application/json');
  }

  /** A POST whose body is the file itself. */
  async postFile<T>(path: string, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<T> {
    return this.command(path, bytes, type);
  }

  async download(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send('GET', path)).arrayBuffer());
  }

  /** The items of all pages of a list, page by page as they are asked for. */
  async *list<T>(path: string, items: string, query: Query = {}): AsyncGenerator<T> {
    let token = '';
    do {
      const paged = { ...query, 'page.size': '200', ...(token && { 'page.token': token }) };
      const answer: Record<string, unknown> = await this.get(path, paged);
      yield* answer[items] as T[];
      token = (answer.page as { nextToken: string } | undefined)?.nextToken ?? '';
    } while (token);
  }

  private async command<T>(path: string, body: Body, type: string): Promise<T> {
    const headers = { 'content-type': type, 'idempotency-key': randomUUID() };
    return (await (await this.send('POST', path, headers, body)).json()) as T;
  }

  private async send(method: string, path: string, headers: Query = {}, body?: Body): Promise<Response> {
    const request = `${method} ${path.split('?')[0]}`;
    const init = { method, body, headers: { ...headers, authorization: `Bearer ${this.key}` } };
    const response = await fetch(`${this.baseUrl}${path}`, init).catch((error: Error) => {
      throw new ApiProblem(request, 'NO_ANSWER', `${this.baseUrl} does not answer (${causeOf(error)})`);
    });
    if (!response.ok) throw await problemOf(request, response);
    return response;
  }
}

async function problemOf(request: string, response: Response): Promise<ApiProblem> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) {
    return new ApiProblem(request, `HTTP ${response.status}`, text.slice(0, 200));
  }
  const { reason, detail, violations } = JSON.parse(text) as Pick<ApiProblem, 'reason' | 'violations'> & {
    detail: string;
  };
  return new ApiProblem(request, reason, detail, violations);
}

function withQuery(path: string, query: Query): string {
  const text = new URLSearchParams(query).toString();
  return text ? `${path}?${text}` : path;
}

function causeOf({ message, cause }: Error): string {
  return cause instanceof Error ? cause.message || cause.name : message;
}
