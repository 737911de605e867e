import { RenderMode, type ServerRoute } from '@angular/ssr';

/** The server renders public pages. Guarded pages and the callback are rendered in the browser. */
export const serverRoutes: ServerRoute[] = [
  { path: '', renderMode: RenderMode.Server },
  { path: 'activity', renderMode: RenderMode.Server },
  { path: 'items', renderMode: RenderMode.Client },
  { path: 'items/clear', renderMode: RenderMode.Client },
  { path: 'profile', renderMode: RenderMode.Client },
  { path: 'security', renderMode: RenderMode.Client },
  { path: 'security/tokens', renderMode: RenderMode.Client },
  { path: 'reports', renderMode: RenderMode.Client },
  // The permissions of the user are known only in the browser.
  { path: 'forbidden', renderMode: RenderMode.Client },
  { path: 'callback', renderMode: RenderMode.Client },
  { path: 'login-failed', renderMode: RenderMode.Client },
  { path: '**', renderMode: RenderMode.Server, status: 404 },
];
