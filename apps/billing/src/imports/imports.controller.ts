import { Controller } from '@nestjs/common';
import { toMoney } from '@paradesk/contracts';
import {
  ImportsServiceControllerMethods,
  type ImportCsvRequest,
  type ImportLedesRequest,
  type ImportResult,
  type ImportsServiceController,
} from '@paradesk/contracts/paradesk/billing/v1/imports';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import type { ImportOutcome } from './imported-work.queries.js';
import { ImportsService, type ImportFile } from './imports.service.js';

@Controller()
@ImportsServiceControllerMethods()
export class ImportsController implements ImportsServiceController {
  constructor(private readonly imports: ImportsService) {}

  async importLedes(request: ImportLedesRequest, metadata: CallMetadata) {
    return toProto(await this.imports.ledes(callerOf(metadata), toFile(request), request.currencyCode || 'USD'));
  }

  async importCsv(request: ImportCsvRequest, metadata: CallMetadata) {
    return toProto(await this.imports.csv(callerOf(metadata), toFile(request)));
  }
}

function toFile({ file, dryRun }: ImportCsvRequest): ImportFile {
  return { bytes: file?.data ?? new Uint8Array(), dryRun };
}

function toProto({ recordedLines, knownLines, groups }: ImportOutcome): ImportResult {
  return {
    recordedLines,
    knownLines,
    groups: groups.map((group) => ({
      sourceInvoiceNumber: group.sourceInvoiceNumber,
      clientId: group.clientId,
      matterIds: [...group.matterIds],
      timeEntryIds: [...group.timeEntryIds],
      expenseIds: [...group.expenseIds],
      adjustmentIds: [...group.adjustmentIds],
      total: toMoney(group.total),
    })),
  };
}
