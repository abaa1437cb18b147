import { z } from 'zod';

/** Assignment has no settings beside those that every service has. */
export const assignmentConfig = z.object({});
