import { Controller } from '@nestjs/common';
import {
  LedesFinding_Severity as Severity,
  LedesServiceControllerMethods,
  type CheckLedesRequest,
  type LedesCheck,
  type LedesServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/ledes';
import { formatDecimal, minorDigits } from '@paradesk/kernel';
import { LEDES_SCALE } from './ledes-1998b-columns.js';
import type { LedesKnown } from './ledes-line-rules.js';
import { readLedes } from './ledes-reader.js';

/** Findings of one answer: who mends a thousand lines asks again. */
const MAX_FINDINGS = 1000;

@Controller()
@LedesServiceControllerMethods()
export class LedesController implements LedesServiceController {
  checkLedes(request: CheckLedesRequest): LedesCheck {
    const { format, file, findings } = readLedes(request.file?.data ?? new Uint8Array(), {
      fileName: request.fileName || undefined,
      minorDigits: minorDigits(request.currencyCode || 'USD'),
      known: knownOf(request),
    });
    return {
      format,
      accepted: file !== undefined,
      findings: findings.slice(0, MAX_FINDINGS).map(({ severity, ...finding }) => ({
        ...finding,
        severity: severity === 'reject' ? Severity.REJECT : Severity.NOTE,
      })),
      totalFindings: findings.length,
      invoices: (file?.invoices ?? []).map(({ number, totalE4, lines }) => ({
        number,
        total: formatDecimal(totalE4, LEDES_SCALE, { trim: true }),
        lines: lines.length,
      })),
    };
  }
}

/** A list that was not given is not checked. */
function knownOf({ postedInvoiceNumbers, timekeeperIds, clientMatterIds }: CheckLedesRequest): LedesKnown {
  const given = (values: readonly string[]) => (values.length > 0 ? new Set(values) : undefined);
  return {
    postedInvoiceNumbers: given(postedInvoiceNumbers),
    timekeeperIds: given(timekeeperIds),
    clientMatterIds: given(clientMatterIds),
  };
}
