import { tenantAuth } from '../../../../lib/auth';

export const { GET, POST } = tenantAuth.handlers;
