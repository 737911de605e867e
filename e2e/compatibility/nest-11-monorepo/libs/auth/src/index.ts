export * from './account.controller';
export * from './auth.module';
