import { z } from 'zod';

/** Documents has no settings beside those that every service has. */
export const documentsConfig = z.object({});
