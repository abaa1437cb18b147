import { Module } from '@nestjs/common';
import { topics } from '@paradesk/contracts';
import { DocumentsServiceService } from '@paradesk/contracts/paradesk/documents/v1/documents';
import { defineService } from '@paradesk/platform';
import { CaseFilesModule } from './case-files/case-files.module.js';
import { documentsConfig } from './config.js';
import { entities, migrations } from './data-source.js';
import { DocumentsFeatureModule } from './documents/documents-feature.module.js';

@Module({ imports: [CaseFilesModule, DocumentsFeatureModule] })
export class DocumentsModule {}

/** The case files of clients and matters. */
export const documents = defineService({
  name: 'documents',
  module: DocumentsModule,
  config: documentsConfig,
  entities,
  migrations,
  grpc: [DocumentsServiceService],
  consumes: [topics.clients, topics.matters],
});
