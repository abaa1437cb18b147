import { Module } from '@nestjs/common';
import { CaseFilesModule } from '../case-files/case-files.module.js';
import { DocumentsController } from './documents.controller.js';
import { DocumentsService } from './documents.service.js';

@Module({ imports: [CaseFilesModule], controllers: [DocumentsController], providers: [DocumentsService] })
export class DocumentsFeatureModule {}
