import type { Routes } from '@angular/router';
import { authGuard } from '@countersign/angular';
import { CallbackPage } from './pages/callback.ts';
import { HomePage } from './pages/home.ts';

export const routes: Routes = [
  { path: '', component: HomePage, title: 'Countersign for Angular' },
  {
    path: 'items',
    canMatch: [authGuard],
    loadComponent: async () => (await import('./pages/items.ts')).ItemsPage,
    title: 'Items · Countersign for Angular',
  },
  {
    path: 'profile',
    canActivate: [authGuard],
    loadComponent: async () => (await import('./pages/profile.ts')).ProfilePage,
    title: 'Profile · Countersign for Angular',
  },
  { path: 'callback', component: CallbackPage, title: 'Signing in · Countersign for Angular' },
  {
    path: '**',
    loadComponent: async () => (await import('./pages/not-found.ts')).NotFoundPage,
    title: 'Not found · Countersign for Angular',
  },
];
