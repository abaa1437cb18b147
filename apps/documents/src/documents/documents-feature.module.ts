import { Module } from '@nestjs/common';
import { CaseFilesModule } from '../case-files/case-files.module.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsService } from './documents.service.js';
import { ErasuresService } from './erasures.service.js';

@Module({
  imports: [CaseFilesModule],
  controllers: [DocumentsController],
  providers: [DocumentsService, ErasuresService],
})
export class DocumentsFeatureModule {}
