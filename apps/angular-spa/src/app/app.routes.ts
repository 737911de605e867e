import type { Routes } from '@angular/router';
import { authGuard, claimGuard, scopeGuard } from '@countersign/angular';
import { CallbackPage } from './pages/callback.ts';
import { HomePage } from './pages/home.ts';

export const routes: Routes = [
  { path: '', component: HomePage, title: 'Countersign for Angular' },
  {
    path: 'items',
    pathMatch: 'full',
    canMatch: [authGuard],
    loadComponent: async () => (await import('./pages/items.ts')).ItemsPage,
    title: 'Items · Countersign for Angular',
  },
  {
    path: 'items/clear',
    canActivate: [scopeGuard('items:write', { redirectTo: '/forbidden' })],
    loadComponent: async () => (await import('./pages/clear-items.ts')).ClearItemsPage,
    title: 'Delete all items · Countersign for Angular',
  },
  {
    path: 'profile',
    canActivate: [authGuard],
    loadComponent: async () => (await import('./pages/profile.ts')).ProfilePage,
    title: 'Profile · Countersign for Angular',
  },
  {
    path: 'security',
    canActivateChild: [authGuard],
    loadComponent: async () => (await import('./pages/security.ts')).SecurityPage,
    title: 'Security · Countersign for Angular',
    children: [
      { path: '', loadComponent: async () => (await import('./pages/confirm.ts')).Confirm },
      { path: 'tokens', loadComponent: async () => (await import('./pages/tokens.ts')).Tokens },
    ],
  },
  {
    path: 'reports',
    canActivate: [claimGuard(({ email_verified }) => email_verified === true, { redirectTo: '/forbidden' })],
    loadComponent: async () => (await import('./pages/reports.ts')).ReportsPage,
    title: 'Reports · Countersign for Angular',
  },
  {
    path: 'activity',
    loadComponent: async () => (await import('./pages/activity.ts')).ActivityPage,
    title: 'Activity · Countersign for Angular',
  },
  {
    path: 'forbidden',
    loadComponent: async () => (await import('./pages/forbidden.ts')).ForbiddenPage,
    title: 'Not allowed · Countersign for Angular',
  },
  { path: 'callback', component: CallbackPage, title: 'Logging in · Countersign for Angular' },
  { path: 'login-failed', component: CallbackPage, title: 'Login failed · Countersign for Angular' },
  {
    path: '**',
    loadComponent: async () => (await import('./pages/not-found.ts')).NotFoundPage,
    title: 'Not found · Countersign for Angular',
  },
];
