import { Controller } from '@nestjs/common';
import { fromTimestamp } from '@paradesk/contracts';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import {
  type DownloadRefusalReportRequest,
  RefusalReportsServiceControllerMethods,
  ReportFormat,
} from '@paradesk/contracts/paradesk/identity/v1/refusal_reports';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toCsv, toMarkdown } from './refusal-report.js';
import { RefusalReportsService } from './refusal-reports.service.js';

const CHUNK_BYTES = 256 * 1024;

@Controller()
@RefusalReportsServiceControllerMethods()
export class RefusalReportsController {
  constructor(private readonly reports: RefusalReportsService) {}

  async *downloadRefusalReport(
    { from, until, format }: DownloadRefusalReportRequest,
    metadata: CallMetadata,
  ): AsyncIterable<HttpBody> {
    const period = { from: fromTimestamp(from, 'from'), until: fromTimestamp(until, 'until') };
    const report = await this.reports.report(callerOf(metadata), period);
    const isCsv = format === ReportFormat.CSV;
    const bytes = Buffer.from(isCsv ? toCsv(report) : toMarkdown(report));
    const contentType = isCsv ? 'text/csv; charset=utf-8' : 'text/markdown; charset=utf-8';
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      const data = bytes.subarray(start, start + CHUNK_BYTES);
      yield { contentType: start === 0 ? contentType : '', data, extensions: [] };
    }
  }
}
