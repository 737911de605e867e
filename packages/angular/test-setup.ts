// The Angular packages are partially compiled. Without a linker, the compiler completes them at run time.
import '@angular/compiler';
import { TestBed, TestComponentRenderer } from '@angular/core/testing';
import { platformServer, ServerModule } from '@angular/platform-server';
import { afterEach } from 'vitest';

// A server document for the tests that use an injector.
const renderer = { provide: TestComponentRenderer, useClass: TestComponentRenderer, deps: [] };
TestBed.initTestEnvironment(ServerModule, platformServer([renderer]));
afterEach(() => void TestBed.resetTestingModule());
