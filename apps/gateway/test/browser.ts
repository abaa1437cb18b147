interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** As much of a browser as a sign-in needs: it keeps cookies, for all ports of the loopback address as browsers do, and follows links. */
export class Browser {
  readonly cookies = new Map<string, Cookie>();
  /** Every `Set-Cookie` that came. */
  readonly setCookies: string[] = [];

  /** One request; redirects are answers. */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    const cookie = [...this.cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([key, { value }]) => `${nameIn(key)}=${value}`)
      .join('; ');
    const headers = { 'user-agent': 'Firefox', ...(cookie && { cookie }), ...(init.headers as object) };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  }

  /** Opens a page and follows redirects until there is one, or until they lead to `until`. @returns the last address and its answer */
  async open(url: string, until?: string): Promise<{ url: string; response: Response }> {
    let at = url;
    for (let hops = 0; hops < 10; hops++) {
      if (until !== undefined && at.startsWith(until)) return { url: at, response: new Response() };
      const response = await this.send(at);
      const location = response.headers.get('location');
      if (!location) return { url: at, response };
      at = new URL(location, at).href;
    }
    throw new Error(`${url} leads nowhere`);
  }

  /** Chooses a person on the provider's page. @returns where that leads to, `until` at the furthest */
  async choose(page: string, person: string, until?: string): Promise<{ url: string; response: Response }> {
    const body = new URLSearchParams({ person });
    const { headers } = await this.send(page, { method: 'POST', body });
    return this.open(new URL(headers.get('location') ?? '', page).href, until);
  }

  /** The value of a cookie. */
  value(name: string): string | undefined {
    return this.cookies.get(`${name}@/`)?.value;
  }

  set(name: string, value: string): void {
    this.cookies.set(`${name}@/`, { value, path: '/' });
  }

  private keep(line: string): void {
    this.setCookies.push(line);
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? '/';
    const key = `${name}@${path}`;
    if (value === '' || /;\s*max-age=0/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(key);
    else this.cookies.set(key, { value, path });
  }
}

function nameIn(key: string): string {
  return key.slice(0, key.lastIndexOf('@'));
}
