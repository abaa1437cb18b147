import { describe, expect, it } from '@jest/globals';
import { DomainError, type DomainErrorKind, type FieldViolation } from './domain-error.js';

describe('DomainError', () => {
  type Row = {
    name: string;
    error: DomainError;
    kind: DomainErrorKind;
    reason: string;
    message: string;
    violations?: FieldViolation[];
    metadata?: Record<string, string>;
  };

  it.each<Row>([
    {
      name: 'bad input names its field',
      error: DomainError.invalid('minutes', 'NEGATIVE_TIME', 'Time must not be negative'),
      kind: 'invalid',
      reason: 'NEGATIVE_TIME',
      message: 'Time must not be negative',
      violations: [{ field: 'minutes', description: 'Time must not be negative' }],
    },
    {
      name: 'several bad fields are named in the order given',
      error: DomainError.invalidAll([
        { field: 'lines[1].minutes', description: 'is missing' },
        { field: 'currency', description: 'is unknown' },
      ]),
      kind: 'invalid',
      reason: 'INVALID_ARGUMENT',
      message: 'lines[1].minutes: is missing; currency: is unknown',
      violations: [
        { field: 'lines[1].minutes', description: 'is missing' },
        { field: 'currency', description: 'is unknown' },
      ],
    },
    {
      name: 'what is not found carries its id',
      error: DomainError.notFound('invoice', '42'),
      kind: 'not-found',
      reason: 'INVOICE_NOT_FOUND',
      message: 'There is no invoice 42',
      metadata: { id: '42' },
    },
    {
      name: 'a noun of two words becomes one reason',
      error: DomainError.notFound('time entry', '42'),
      kind: 'not-found',
      reason: 'TIME_ENTRY_NOT_FOUND',
      message: 'There is no time entry 42',
      metadata: { id: '42' },
    },
    {
      name: 'a noun in camel case becomes the same reason',
      error: DomainError.notFound('timeEntry', '42'),
      kind: 'not-found',
      reason: 'TIME_ENTRY_NOT_FOUND',
      message: 'There is no time entry 42',
      metadata: { id: '42' },
    },
    {
      name: 'a refusal by state',
      error: DomainError.refused('INVOICE_ALREADY_ISSUED', 'An issued invoice is not edited', { number: '2026-7' }),
      kind: 'refused',
      reason: 'INVOICE_ALREADY_ISSUED',
      message: 'An issued invoice is not edited',
      metadata: { number: '2026-7' },
    },
    {
      name: 'a conflict with an earlier change',
      error: DomainError.conflict('VERSION_MOVED_ON', 'Somebody else saved first'),
      kind: 'conflict',
      reason: 'VERSION_MOVED_ON',
      message: 'Somebody else saved first',
    },
    {
      name: 'a person who may not',
      error: DomainError.forbidden('BEHIND_WALL', 'You are screened from this matter'),
      kind: 'forbidden',
      reason: 'BEHIND_WALL',
      message: 'You are screened from this matter',
    },
    {
      name: 'a kind without a factory',
      error: new DomainError('exhausted', 'TOO_MANY_REQUESTS', 'Try again in a minute'),
      kind: 'exhausted',
      reason: 'TOO_MANY_REQUESTS',
      message: 'Try again in a minute',
    },
  ])('says what was wrong: $name', ({ error, kind, reason, message, violations = [], metadata = {} }) => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('DomainError');
    expect(error.kind).toBe(kind);
    expect(error.reason).toBe(reason);
    expect(error.message).toBe(message);
    expect(error.violations).toEqual(violations);
    expect(error.metadata).toEqual(metadata);
  });

  it.each([
    { name: 'lower case', reason: 'invoice_not_found' },
    { name: 'a sentence', reason: 'Invoice not found' },
    { name: 'empty', reason: '' },
    { name: 'an underscore at its end', reason: 'NOT_' },
    { name: 'a digit first', reason: '3_DAYS' },
    { name: 'longer than ErrorInfo allows', reason: 'A'.repeat(64) },
  ])('does not come into being with a reason that is $name', ({ reason }) => {
    expect(() => DomainError.refused(reason, 'x')).toThrow(TypeError);
  });

  it('refuses invalid input only for at least one field', () => {
    expect(() => DomainError.invalidAll([])).toThrow(TypeError);
  });

  it('keeps its violations when the list it was made of is changed', () => {
    const violations = [{ field: 'currency', description: 'is unknown' }];
    const error = DomainError.invalidAll(violations);
    violations.pop();
    expect(error.violations).toHaveLength(1);
  });
});
