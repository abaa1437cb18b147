import { Contact } from './clients/contact.entity.js';
import { Message } from './messages/message.entity.js';
import { CreateCopies1767225600000 } from './migrations/1767225600000-create-copies.js';
import { CreateMessages1767225600001 } from './migrations/1767225600001-create-messages.js';
import { IsolateMatters1767225609000 } from './migrations/1767225609000-isolate-matters.js';
import { Tenant } from './tenants/tenant.entity.js';

export const entities = [Tenant, Contact, Message];

export const migrations = [CreateCopies1767225600000, CreateMessages1767225600001, IsolateMatters1767225609000];
