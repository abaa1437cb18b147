import { Client } from './case-files/client.entity.js';
import { Matter } from './case-files/matter.entity.js';
import { DocumentVersion } from './documents/document-version.entity.js';
import { Document } from './documents/document.entity.js';
import { Erasure } from './documents/erasure.entity.js';
import { CreateCaseFiles1767225600000 } from './migrations/1767225600000-create-case-files.js';
import { CreateDocuments1767225600001 } from './migrations/1767225600001-create-documents.js';
import { CreateErasures1767225608000 } from './migrations/1767225608000-create-erasures.js';
import { IsolateMatters1767225609000 } from './migrations/1767225609000-isolate-matters.js';

export const entities = [Client, Matter, Document, DocumentVersion, Erasure];

export const migrations = [
  CreateCaseFiles1767225600000,
  CreateDocuments1767225600001,
  CreateErasures1767225608000,
  IsolateMatters1767225609000,
];
