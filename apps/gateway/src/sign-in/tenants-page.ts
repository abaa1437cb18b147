import type { PendingSignIn } from './pending-sign-ins.js';

/** Where somebody who works for several companies chooses one. It needs no script, and a sign-in begins anew with each link. */
export function tenantsPage(names: Readonly<Record<string, string>>, { returnTo }: PendingSignIn): string {
  const links = Object.entries(names).map(([id, name]) => {
    const query = new URLSearchParams({ tenant_id: id, return_to: returnTo });
    return `<li><a href="/auth/sign-in?${text(query.toString())}">${text(name)}</a></li>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Choose a company</title><h1>Choose a company</h1><p>Your account belongs to several.</p><ul>${links.join('')}</ul></html>`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
