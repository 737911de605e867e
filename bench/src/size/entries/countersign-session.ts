export { createWebSessions } from '@countersign/core/session';
