import { Module } from '@nestjs/common';
import { CaseFilesModule } from '../case-files/case-files.module.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsService } from './documents.service.js';
import { ErasedContent } from './erased-content.js';
import { ErasuresService } from './erasures.service.js';

@Module({
  imports: [CaseFilesModule],
  controllers: [DocumentsController],
  providers: [DocumentsService, ErasuresService, ErasedContent],
})
export class DocumentsFeatureModule {}
