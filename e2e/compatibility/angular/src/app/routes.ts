import type { Routes } from '@angular/router';
import { authGuard } from '@countersign/angular';
import { HomePage, ItemsPage } from './pages';

export const routes: Routes = [
  { path: '', component: HomePage },
  { path: 'items', component: ItemsPage, canActivate: [authGuard] },
  { path: 'callback', component: HomePage },
];
