import { httpResource } from '@angular/common/http';
import { Component } from '@angular/core';

@Component({ selector: 'app-home', template: '<h1>Home</h1>' })
export class HomePage {}

interface Item {
  readonly title: string;
}

@Component({
  selector: 'app-items',
  template: `
    <ul id="items">
      @for (item of items.value(); track item.title) {
        <li>{{ item.title }}</li>
      }
    </ul>
  `,
})
export class ItemsPage {
  protected readonly items = httpResource<readonly Item[]>(() => '/items', { defaultValue: [] });
}
