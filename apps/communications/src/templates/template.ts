import { DomainError } from '@paradesk/kernel';

/** A text with places for variables, `{{name}}`. Templates are never edited: a change is a new version. */
export interface Template {
  readonly name: string;
  readonly version: number;
  readonly subject: string;
  readonly body: string;
}

/** A template with its variables filled in. */
export interface Rendered {
  readonly subject: string;
  readonly body: string;
}

/** Name and version as messages record them, such as `invoice-issued/1`. */
export function labelOf({ name, version }: Template): string {
  return `${name}/${version}`;
}

/**
 * Fills a template in. Strict: what would read wrong to an attorney is not sent.
 *
 * @throws DomainError refused TEMPLATE_VARIABLE, naming the variable that is unknown or empty
 */
export function render(template: Template, variables: Readonly<Record<string, string>>): Rendered {
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined || value.trim() === '') {
        throw DomainError.refused('TEMPLATE_VARIABLE', `${labelOf(template)} has nothing to put for ${name}`);
      }
      return value;
    });
  // A line break in a subject would end the header: a variable could write headers of its own.
  return { subject: fill(template.subject).replace(/\s+/g, ' '), body: fill(template.body) };
}
