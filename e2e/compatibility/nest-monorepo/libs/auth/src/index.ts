export * from './account.controller.js';
export * from './auth.module.js';
