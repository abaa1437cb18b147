import { Controller } from '@nestjs/common';
import { toDate, toTimestamp } from '@paradesk/contracts';
import type { HttpBody } from '@paradesk/contracts/google/api/httpbody';
import {
  type AcknowledgeBoundaryStatementRequest,
  type BoundaryStatement as BoundaryStatementMessage,
  BoundaryStatementsServiceControllerMethods,
  type DownloadBoundaryStatementRequest,
  type ListAcknowledgementsRequest,
  type ListBoundaryStatementsRequest,
  type ListMissingAcknowledgementsRequest,
  type PublishBoundaryStatementRequest,
  StatementFormat,
} from '@paradesk/contracts/paradesk/identity/v1/boundary_statements';
import { callerOf, type CallMetadata } from '@paradesk/platform';
import { toAcknowledgement } from '../acknowledgements/acknowledgement.message.js';
import { AcknowledgementsService } from '../acknowledgements/acknowledgements.service.js';
import type { BoundaryStatement } from './boundary-statement.entity.js';
import { BoundaryStatementsService } from './boundary-statements.service.js';
import { toMarkdown } from './statement-markdown.js';
import { toPdf } from './statement-pdf.js';

@Controller()
@BoundaryStatementsServiceControllerMethods()
export class BoundaryStatementsController {
  constructor(
    private readonly statements: BoundaryStatementsService,
    private readonly acknowledgements: AcknowledgementsService,
  ) {}

  publishBoundaryStatement(_request: PublishBoundaryStatementRequest, metadata: CallMetadata) {
    return this.statements.publish(callerOf(metadata)).then(toProto);
  }

  listBoundaryStatements({ page }: ListBoundaryStatementsRequest, metadata: CallMetadata) {
    return this.statements
      .list(callerOf(metadata), page)
      .then(({ items, ...rest }) => ({ boundaryStatements: items.map(toProto), ...rest }));
  }

  async *downloadBoundaryStatement(
    { boundaryStatementId, format }: DownloadBoundaryStatementRequest,
    metadata: CallMetadata,
  ): AsyncIterable<HttpBody> {
    yield toFile(await this.statements.get(callerOf(metadata), boundaryStatementId), format);
  }

  acknowledgeBoundaryStatement(request: AcknowledgeBoundaryStatementRequest, metadata: CallMetadata) {
    return this.acknowledgements.acknowledge(callerOf(metadata), request.boundaryStatementId).then(toAcknowledgement);
  }

  listAcknowledgements({ boundaryStatementId, page }: ListAcknowledgementsRequest, metadata: CallMetadata) {
    return this.acknowledgements
      .list(callerOf(metadata), boundaryStatementId, page)
      .then((list) => ({ acknowledgements: list.items.map(toAcknowledgement), page: list.page }));
  }

  listMissingAcknowledgements({ page }: ListMissingAcknowledgementsRequest, metadata: CallMetadata) {
    return this.acknowledgements.listMissing(callerOf(metadata), page);
  }
}

function toFile(statement: BoundaryStatement, format: StatementFormat): HttpBody {
  return format === StatementFormat.MARKDOWN
    ? { contentType: 'text/markdown; charset=utf-8', data: Buffer.from(toMarkdown(statement)), extensions: [] }
    : { contentType: 'application/pdf', data: Buffer.from(toPdf(statement)), extensions: [] };
}

function toProto(statement: BoundaryStatement): BoundaryStatementMessage {
  return {
    id: statement.id,
    edition: statement.edition,
    contentSha256: statement.contentSha256,
    effectiveOn: toDate(statement.effectiveOn),
    publishedAt: toTimestamp(statement.publishedAt),
    publishedByPersonId: statement.publishedBy,
  };
}
