import type { ProviderPerson } from './openid-provider.js';

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 2rem auto; padding: 0 1rem; }
  .notice { padding: .6rem .9rem; border-left: .3rem solid #c60; background: color-mix(in srgb, #c60 12%, transparent); }
  form { display: grid; gap: .5rem; }
  button { font: inherit; text-align: left; padding: .6rem .9rem; border-radius: .4rem; cursor: pointer; background: none; color: inherit;
    border: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
  button:hover, button:focus-visible { border-color: currentColor; background: color-mix(in srgb, currentColor 7%, transparent); }
  small { display: block; opacity: .75; }`;

/** Where a person is chosen to sign in as. */
export function peoplePage(people: readonly ProviderPerson[]): string {
  const buttons = people.map(
    ({ subject, name, note }) =>
      `<button name="person" value="${text(subject)}"><strong>${text(name)}</strong><small>${text(note)}</small></button>`,
  );
  return page(
    'Sign in as',
    `<p class="notice">For demonstration only: anybody may be chosen, and nobody is asked for a password. In production your company's
     own OpenID Connect provider stands here.</p><form method="post">${buttons.join('')}</form>`,
  );
}

/** What the provider refuses. */
export function errorPage(error: string, description: string): string {
  return page(error, `<p>${text(description)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title)}</title><style>${STYLE}</style><h1>${text(title)}</h1>${body}</html>`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
