import { RenderMode, type ServerRoute } from '@angular/ssr';

/** The server shows what everybody may see; pages behind a guard are made in the browser, and so is the callback. */
export const serverRoutes: ServerRoute[] = [
  { path: '', renderMode: RenderMode.Server },
  { path: 'activity', renderMode: RenderMode.Server },
  { path: 'items', renderMode: RenderMode.Client },
  { path: 'items/clear', renderMode: RenderMode.Client },
  { path: 'profile', renderMode: RenderMode.Client },
  { path: 'security', renderMode: RenderMode.Client },
  { path: 'security/tokens', renderMode: RenderMode.Client },
  { path: 'reports', renderMode: RenderMode.Client },
  // What an account lacks is known in the browser alone.
  { path: 'forbidden', renderMode: RenderMode.Client },
  { path: 'callback', renderMode: RenderMode.Client },
  { path: '**', renderMode: RenderMode.Server, status: 404 },
];
