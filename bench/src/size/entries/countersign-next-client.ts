export { AuthProvider, useSession } from '@countersign/next/client';
