import { Client } from './case-files/client.entity.js';
import { Matter } from './case-files/matter.entity.js';
import { DocumentVersion } from './documents/document-version.entity.js';
import { Document } from './documents/document.entity.js';
import { CreateCaseFiles1767225600000 } from './migrations/1767225600000-create-case-files.js';
import { CreateDocuments1767225600001 } from './migrations/1767225600001-create-documents.js';

export const entities = [Client, Matter, Document, DocumentVersion];

export const migrations = [CreateCaseFiles1767225600000, CreateDocuments1767225600001];
