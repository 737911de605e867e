export * from './account.controller.js.js';
export * from './auth.module.js.js';
