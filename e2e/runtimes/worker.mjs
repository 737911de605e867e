import { createHandler } from './handler.mjs';

let handle;

export default {
  fetch(request, { ISSUER, ORIGIN, AUDIENCE }) {
    handle ??= createHandler({ issuer: ISSUER, origin: ORIGIN, audience: AUDIENCE });
    return handle(request);
  },
};
