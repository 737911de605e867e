import { accessTokenSecurity, accessTokenSecurityScheme } from '@countersign/nest';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Settings } from './settings.ts';

/** The OpenAPI page at `/docs`, and the document behind it at `/docs-json`. */
export function setUpDocsPage(app: INestApplication, settings: Settings): void {
  const description = new DocumentBuilder()
    .setTitle('Countersign demo API')
    .setDescription(
      [
        `Takes access tokens of <${settings.issuer}> for \`${settings.audience}\`.`,
        'An operation with a lock needs one; beside its name stands the scope that it asks for.',
        'To call it from here, choose **Authorize** and paste a token.',
      ].join(' '),
    )
    .setVersion('1.0')
    .addSecurity(accessTokenSecurity, accessTokenSecurityScheme())
    .build();
  SwaggerModule.setup(
    'docs',
    app,
    () => withAccessInSummaries(SwaggerModule.createDocument(app, description)),
    {
      customSiteTitle: 'Countersign demo API',
      customCss,
    },
  );
}

type Operation = { summary?: string; security?: Record<string, string[]>[] };

/** The page hides what an operation asks for until it is opened; its summary is always there. */
function withAccessInSummaries(document: OpenAPIObject): OpenAPIObject {
  for (const path of Object.values(document.paths)) {
    for (const operation of [path.get, path.post, path.delete] as (Operation | undefined)[]) {
      if (operation) operation.summary = [operation.summary, accessOf(operation)].filter(Boolean).join(' · ');
    }
  }
  return document;
}

function accessOf({ security = [] }: Operation): string {
  const alternatives = security.map((needed) => needed[accessTokenSecurity]);
  if (alternatives.includes(undefined)) return 'public';
  const scopes = alternatives.map((each = []) => each.join(' ')).join(' or ');
  return scopes === '' ? 'any access token' : scopes;
}

/** The colours of the other demo pages, by day and by night, and no bar with the name of the page's maker. */
const customCss = `
  body { background: #f4f6f5; }
  html.dark-mode, html.dark-mode body { background: #0f1413; color-scheme: dark; }
  .swagger-ui, .swagger-ui .scheme-container, html.dark-mode .swagger-ui, html.dark-mode .swagger-ui .scheme-container {
    background: none;
    box-shadow: none;
  }
  .swagger-ui .topbar { display: none; }
  .swagger-ui .info { margin: 2.5rem 0 1.5rem; }
  .swagger-ui .scheme-container { padding: 0 0 1rem; }
  .swagger-ui .btn.authorize, .swagger-ui .btn.authorize svg { border-color: currentColor; color: #0b6b5d; fill: currentColor; }
  html.dark-mode .swagger-ui .btn.authorize, html.dark-mode .swagger-ui .btn.authorize svg { color: #63d2bb; }
  .swagger-ui .opblock .opblock-summary-description { font-size: 0.85rem; }
`;
