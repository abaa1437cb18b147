import { describe, expect, it } from '@jest/globals';
import { Money, newId } from '@paradesk/kernel';
import { Temporal } from 'temporal-polyfill';
import { totalsOf, type InvoiceLineKind } from '../invoices/invoice-totals.js';
import { Posting, type MovementKind } from './posting.entity.js';

const postedAt = Temporal.Instant.from('2026-04-01T00:00:00Z');
const bookedOn = Temporal.PlainDate.from('2026-03-31');
const subject = { tenantId: newId(1), id: newId(2), clientId: newId(3), invoiceId: newId(4), postedAt, bookedOn };

function booked(posting: Posting | undefined): [string, bigint][] {
  const lines = posting?.lines ?? [];
  expect(lines.reduce((sum, line) => sum + line.amountMinor, 0n)).toBe(0n);
  expect(posting?.lineCount ?? 0).toBe(lines.length);
  return lines.map(({ account, amountMinor }) => [account, amountMinor]);
}

describe('the posting of an invoice', () => {
  it.each<{ name: string; lines: [InvoiceLineKind, bigint][]; expected: [string, bigint][] }>([
    {
      name: 'fees and expenses',
      lines: [
        ['fee', 300n],
        ['expense', 20n],
      ],
      expected: [
        ['receivables', 320n],
        ['fee_income', -300n],
        ['expense_recovery', -20n],
      ],
    },
    {
      name: 'adjustments, with what they adjust',
      lines: [
        ['fee', 300n],
        ['fee_adjustment', -50n],
        ['expense', 20n],
        ['expense_adjustment', 5n],
      ],
      expected: [
        ['receivables', 275n],
        ['fee_income', -250n],
        ['expense_recovery', -25n],
      ],
    },
    {
      name: 'fees alone',
      lines: [['fee', 300n]],
      expected: [
        ['receivables', 300n],
        ['fee_income', -300n],
      ],
    },
    {
      name: 'a zero total of fees and expenses',
      lines: [
        ['fee', 300n],
        ['expense_adjustment', -300n],
      ],
      expected: [
        ['fee_income', -300n],
        ['expense_recovery', 300n],
      ],
    },
    {
      name: 'nothing at all',
      lines: [
        ['fee', 300n],
        ['fee_adjustment', -300n],
      ],
      expected: [],
    },
  ])('books $name, and balances', ({ lines, expected }) => {
    const totals = totalsOf(
      'USD',
      lines.map(([kind, amountMinor]) => ({ kind, amountMinor })),
    );
    expect(booked(Posting.ofInvoice(subject, totals))).toEqual(expected);
  });
});

describe('the posting of a payment', () => {
  it('moves what is owed to cash', () => {
    const paymentId = newId(5);
    const posting = Posting.ofPayment(subject, paymentId, Money.of(700n, 'USD'));
    expect(booked(posting)).toEqual([
      ['cash', 700n],
      ['receivables', -700n],
    ]);
    expect(posting).toMatchObject({ kind: 'payment_received', paymentId });
  });

  it('of a client is credit until an invoice gets it', () => {
    const posting = Posting.ofPayment({ ...subject, invoiceId: null }, newId(5), Money.of(700n, 'USD'));
    expect(booked(posting)).toEqual([
      ['cash', 700n],
      ['unapplied_cash', -700n],
    ]);
  });

  it.each<[MovementKind, [string, bigint][]]>([
    [
      'payment_allocated',
      [
        ['unapplied_cash', 700n],
        ['receivables', -700n],
      ],
    ],
    [
      'allocation_reversed',
      [
        ['receivables', 700n],
        ['unapplied_cash', -700n],
      ],
    ],
    [
      'payment_refunded',
      [
        ['unapplied_cash', 700n],
        ['cash', -700n],
      ],
    ],
    [
      'payment_charged_back',
      [
        ['unapplied_cash', 700n],
        ['cash', -700n],
      ],
    ],
  ])('as a movement %s is booked', (kind, expected) => {
    const movement = { kind, paymentId: newId(5), sourceId: newId(6) };
    const posting = Posting.ofMovement(subject, movement, Money.of(700n, 'USD'));
    expect(booked(posting)).toEqual(expected);
    expect(posting).toMatchObject({ ...movement, bookedOn });
  });
});
