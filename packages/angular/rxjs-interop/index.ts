export { type AuthObservables, injectAuthObservables } from './auth-observables.ts';
