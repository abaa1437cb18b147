const STEM = 'Kanarienvogel';

/** Text that stands for what is privileged: it may be stored and mailed, and shown to nobody else. Case and encoding of URLs keep it. */
export function canary(where: string): string {
  return `${STEM}${where}`;
}

/** The canaries that got out into a text, each with what surrounds it. */
export function canariesIn(text: string): string[] {
  return [...text.matchAll(new RegExp(STEM, 'gi'))].map(({ index }) =>
    text.slice(Math.max(0, index - 120), index + 40),
  );
}
